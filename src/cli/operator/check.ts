/** `check`: says what is wrong with a config, and what is probably not meant. */
import { readFileSync } from 'node:fs';
import { checkConfig } from '../../check/check-config.ts';
import { isFound } from '../../check/count-findings.ts';
import type { CheckResult } from '../../check/finding.ts';
import { asGithub } from '../../check/formats/as-github.ts';
import { asJson } from '../../check/formats/as-json.ts';
import { asSarif } from '../../check/formats/as-sarif.ts';
import { asText, type Colour } from '../../check/formats/as-text.ts';
import { ALL_RULES } from '../../check/rules.ts';
import { escapeMisleading } from '../../lib/escape-misleading.ts';
import { withoutControls } from '../../lib/without-controls.ts';
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { attempt } from './attempt.ts';
import { createPaint, type Style } from './paint.ts';

const FORMATS = ['text', 'json', 'sarif', 'github'];

export const spec: CommandSpec = {
  name: 'check',
  summary: 'finds what is wrong with a config, and what is probably not meant',
  usage: '[broker.yaml] [options]',
  isForOperators: true,
  takesWords: 1,
  options: [
    {
      name: 'format',
      value: 'format',
      choices: FORMATS,
      text: `${FORMATS.join(', ')}; without it, text`,
    },
    { name: 'strict', text: 'ends with code 6 for warnings too, and not only for errors' },
  ],
  examples: [
    ['before a commit', 'oss-token-broker check broker.yaml'],
    [
      'in a job of GitHub Actions, which shows findings beside the lines of a pull request',
      'oss-token-broker check broker.yaml --strict --format github',
    ],
    ['for code scanning', 'oss-token-broker check broker.yaml --format sarif > check.sarif'],
  ],
  notes: [
    'A comment silences a rule on its line, or on the next line: # check-ignore <rule>: <reason>',
    'docs/check.md has every rule, with a config that it finds and what to write instead.',
  ],
};

/** Returns the exit code. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const [file = 'broker.yaml'] = args.operands;
  if (file.endsWith('.json')) {
    throw new CliError(EXIT.usage, 'A compiled config has no lines; name the broker.yaml of it.');
  }
  const text = attempt(
    () => readFileSync(file, 'utf8'),
    (code) => `${file} cannot be read (${code}); name the config`,
  );
  const { environment } = machine;
  const result = checkConfig({ text, file, environment });
  await machine.print(write(result, args.text('format') ?? 'text', machine));
  if (!result.loads) machine.tell('The other rules are applied once the config loads.');
  return isFound(result, args.has('strict')) ? EXIT.found : EXIT.done;
}

function write(result: CheckResult, format: string, machine: Machine): string {
  if (format === 'json') return eachLine(asJson(result), escapeMisleading);
  if (format === 'sarif') return eachLine(asSarif(result, ALL_RULES), escapeMisleading);
  if (format === 'github') return eachLine(asGithub(result), withoutControls);
  return asText(result, colourOf(machine), withoutControls);
}

/** Text that is quoted from the file must not control a terminal, not even through a log. */
function eachLine(text: string, clean: (line: string) => string): string {
  return text.split('\n').map(clean).join('\n');
}

const STYLES: Readonly<Record<Parameters<Colour>[0], Style>> = {
  error: 'red',
  warning: 'yellow',
  note: 'cyan',
  dim: 'dim',
};

function colourOf(machine: Machine): Colour {
  const paint = createPaint(machine);
  return (what, text) => paint(STYLES[what], text);
}
