/** `probe`: asks a running broker, uses what it gives, and says whether all of it is as a file expects. */
import { readFileSync } from 'node:fs';
import { type ProbeFile, readProbes } from '../../probe-broker/probe-file.ts';
import { type ProbeResult, runProbes } from '../../probe-broker/run-probes.ts';
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { printable } from '../system/printable.ts';
import { attempt } from './attempt.ts';
import type { Paint } from './paint.ts';
import { printAnswer } from './print-answer.ts';
import { createProbeWorld } from './probe-world.ts';

const DEFAULT_FILE = 'probes.yaml';

export const spec: CommandSpec = {
  name: 'probe',
  summary: 'asks a running broker, and says whether it gives and refuses what a file expects',
  usage: '[probes.yaml] [options]',
  isForOperators: true,
  takesWords: 1,
  options: [
    {
      name: 'broker',
      value: 'url',
      text: 'the broker; without it, that of the file, or OSS_TOKEN_BROKER_URL',
    },
    { name: 'format', value: 'name', choices: ['text', 'json'], text: 'text or json (text)' },
  ],
  examples: [
    ['all probes of a file, for a monitor', 'oss-token-broker probe probes.yaml --format json'],
    [
      'the same probes against another broker',
      'oss-token-broker probe probes.yaml --broker https://staging.example.com',
    ],
  ],
  notes: [
    'Exit code 0: all is as expected. Exit code 6: something differs. Exit code 5: the broker cannot be reached.',
  ],
};

/** Returns the exit code. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const path = args.operands[0] ?? DEFAULT_FILE;
  const file = readFile(path);
  const world = createProbeWorld(file, args, machine);
  const results = await runProbes(file.probes, world);
  await printAnswer({ results }, args.text('format'), machine, describeResults);
  // what a broker gives or refuses wrongly weighs more than a broker that is away
  if (results.some(({ result }) => result === 'differs')) return EXIT.found;
  return results.every(({ result }) => result === 'as expected') ? EXIT.done : EXIT.unavailable;
}

function readFile(path: string): ProbeFile {
  const text = attempt(
    () => readFileSync(path, 'utf8'),
    (code) => `${path} cannot be read (${code}); name the file of probes`,
  );
  const read = readProbes(text);
  if (read.ok) return read.file;
  const lines = read.problems.map((problem) => printable(`${path}: ${problem}`));
  throw new CliError(EXIT.failed, lines.join('\n'));
}

function describeResults(
  { results }: { readonly results: readonly ProbeResult[] },
  paint: Paint,
): string {
  const style = { 'as expected': 'green', differs: 'red', unreachable: 'yellow' } as const;
  const lines = results.flatMap(({ name, result, problems, requestId }) => [
    `${paint(style[result], result.padEnd(11))}  ${printable(name)}`,
    ...problems.map((problem) => `  ${printable(problem)}`),
    ...(requestId === undefined || problems.length === 0
      ? []
      : [`  request id ${printable(requestId)}`]),
  ]);
  const failed = results.filter(({ result }) => result !== 'as expected').length;
  const summary = `${results.length} probes, ${failed === 0 ? 'all as expected' : `${failed} not as expected`}`;
  return `${[...lines, summary].join('\n')}\n`;
}
