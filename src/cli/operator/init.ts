/** `init`: writes a commented `broker.yaml` for a kind of issuer, and the `s.yaml` that deploys it. */
import { lstatSync } from 'node:fs';
import { join, relative } from 'node:path';
import { checkConfig } from '../../check/check-config.ts';
import { type AnswerName, type Answers, problemOf, valuesOf } from '../../init/answers.ts';
import { writeBrokerYaml } from '../../init/broker-yaml.ts';
import type { Asked, Preset } from '../../init/preset.ts';
import { PRESETS } from '../../init/presets.ts';
import { writeSYaml } from '../../init/s-yaml.ts';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { printable } from '../system/printable.ts';
import { type NewFile, writeNewFiles } from './write-new-files.ts';

const NAMES = PRESETS.map(({ name }) => name);
/** The build writes it beside package.json. */
const BUILD = 'dist';

export const spec: CommandSpec = {
  name: 'init',
  summary: 'writes a broker.yaml for your kind of issuer, and a matching s.yaml',
  usage: '<issuer> [options]',
  isForOperators: true,
  operands: NAMES,
  options: [
    { name: 'issuer', value: 'url', text: 'the issuer, if there is more than one of its kind' },
    { name: 'audience', value: 'audience', text: 'what subject tokens have as their audience' },
    { name: 'tenant', value: 'id', text: 'your part of an issuer that others share' },
    { name: 'bucket', value: 'name', text: 'the bucket' },
    { name: 'region', value: 'region', text: 'the region; without it, cn-hangzhou' },
    { name: 'account', value: 'id', text: 'the ID of your Alibaba Cloud account' },
    { name: 'origin', value: 'origin', text: 'the origin of pages that call the broker' },
    {
      name: 'folder',
      value: 'path',
      isPath: true,
      text: 'where the files are written; without it, here',
    },
  ],
  examples: [
    ['with questions, on a terminal', 'oss-token-broker init'],
    [
      'without questions',
      'oss-token-broker init github-actions --tenant 1234567 --bucket releases --account 123456789012',
    ],
  ],
  notes: [
    `Issuers: ${NAMES.slice(0, 8).join(', ')},`,
    `  ${NAMES.slice(8).join(', ')}`,
    'It writes both files or none, and never overwrites one.',
  ],
};

/** Returns the exit code. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const preset = await choosePreset(args, machine);
  const answers = await collectAnswers(preset, args, machine);
  const { region = '', account = '' } = answers;
  const folder = args.text('folder') ?? '.';
  const config = { path: join(folder, 'broker.yaml'), text: writeBrokerYaml(preset, answers) };
  const code = `./${relative(folder, BUILD)}`.replace(/^\.\/\.\.\//, '../');
  const deployment = {
    path: join(folder, 's.yaml'),
    text: writeSYaml({ region, account, code }),
  };
  assertGood(config.text, machine);
  writeBoth([config, deployment]);
  await machine.print(
    `${printable(config.path)}: written, for ${preset.title}\n${printable(deployment.path)}: written\n`,
  );
  machine.tell(nextSteps(config.path, account));
  return EXIT.done;
}

function nextSteps(path: string, account: string): string {
  const role = `acs:ram::${account}:role/oss-token-broker`;
  return [
    `1. Read the comments of ${path}. Then: oss-token-broker check ${path}`,
    `2. See the roles that it needs: oss-token-broker setup ${path} --broker ${role}`,
    "3. Build, in a copy of the project's source: npm ci && npm run build",
    `4. Add the config: oss-token-broker compile ${path} ${BUILD}/broker.json; deploy beside s.yaml: s deploy`,
  ].join('\n');
}

async function choosePreset(args: Arguments, machine: Machine): Promise<Preset> {
  const [named, another] = args.operands;
  if (another !== undefined) throw usage('Name one kind of issuer.');
  const asked: Asked = {
    what: `kind of issuer (${NAMES.join(', ')})`,
    example: 'generic',
    pattern: new RegExp(`^(?:${NAMES.join('|')})$`),
  };
  if (named === undefined && machine.ask === undefined) {
    throw usage(`Name the kind of issuer: ${NAMES.join(', ')}.`);
  }
  const name = named ?? (await ask(asked, machine));
  const preset = PRESETS.find((known) => known.name === name);
  if (preset === undefined) throw usage('Name a kind of issuer.');
  return preset;
}

/** Takes options first, and asks for the rest on a terminal. Elsewhere what has no usual value must be given. */
async function collectAnswers(preset: Preset, args: Arguments, machine: Machine): Promise<Answers> {
  const values = valuesOf(preset);
  const answers: Partial<Record<AnswerName, string>> = {};
  for (const [name, asked] of values) {
    const given = args.text(name);
    const problem = given === undefined ? undefined : problemOf(asked, given);
    if (problem !== undefined) throw usage(`--${name} cannot be used. ${problem}`);
    if (given !== undefined) answers[name] = given;
  }
  const surplus = (['issuer', 'tenant', 'origin'] as const).find(
    (name) => args.has(name) && !values.some(([known]) => known === name),
  );
  if (surplus !== undefined) throw usage(`--${surplus} has no meaning for ${preset.name}.`);
  const missing = values.filter(
    ([name, { usual }]) => answers[name] === undefined && usual === undefined,
  );
  if (missing.length > 0 && machine.ask === undefined) {
    const list = missing.map(
      ([name, { what, example }]) => `--${name}: the ${what}, e.g. ${example}`,
    );
    throw usage(`Without a terminal to ask on, give ${list.join('; ')}.`);
  }
  for (const [name, asked] of values) {
    answers[name] ??= machine.ask === undefined ? (asked.usual ?? '') : await ask(asked, machine);
  }
  return answers;
}

/** Asks until there is an answer that can be used. */
async function ask(asked: Asked, machine: Machine): Promise<string> {
  const { what, example, usual } = asked;
  const hint =
    usual === undefined ? `e.g. ${example}` : usual === '' ? '' : `without one: ${usual}`;
  for (;;) {
    const question = `Which ${what}?${hint === '' ? '' : ` (${hint})`} `;
    const line = await machine.ask?.(question);
    if (line === undefined) throw new CliError(EXIT.usage, 'Stopped. Nothing was written.');
    const value = line.trim() === '' && usual !== undefined ? usual : line.trim();
    const problem = problemOf(asked, value);
    if (problem === undefined) return value;
    machine.tell(problem);
  }
}

/** What the loader refuses, or `check` calls an error, is not written. */
function assertGood(text: string, { environment }: Machine): void {
  const { findings } = checkConfig({ text, file: 'broker.yaml', environment });
  const [error] = findings.filter(({ severity }) => severity === 'error');
  if (error !== undefined) {
    throw usage(printable(`These values make no config: ${error.path}: ${error.reason}.`));
  }
}

function writeBoth(files: readonly NewFile[]): void {
  try {
    writeNewFiles(files);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    const isThere = ({ path }: NewFile) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    const there = code === 'EEXIST' ? files.find(isThere) : undefined;
    const paths = files.map(({ path }) => path).join(' and ');
    throw new CliError(
      EXIT.failed,
      there === undefined
        ? printable(`${paths} cannot be written (${code})`)
        : printable(
            `${there.path} exists, and init never overwrites a file; --folder names another place`,
          ),
    );
  }
}

function usage(problem: string): CliError {
  return new CliError(EXIT.usage, `${problem} See oss-token-broker init --help`);
}
