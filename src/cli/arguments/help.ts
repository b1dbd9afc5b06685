/** Writes the help of the program and of each command. */
import { type CommandSpec, type OptionSpec, optionsOf } from './command-spec.ts';

const NAME = 'oss-token-broker';

/** The text of `oss-token-broker --help`. */
export function programHelp(specs: readonly CommandSpec[]): string {
  const forOperators = summariesOf(specs, (spec) => spec.isForOperators === true);
  return lines(
    `Usage: ${NAME} <command> [options]`,
    '',
    'Gets short-lived credentials for OSS from a broker, in exchange for a subject token.',
    '',
    'Commands:',
    ...summariesOf(specs, (spec) => spec.isForOperators !== true),
    ...(forOperators.length === 0 ? [] : ['', 'Commands for operators of a broker:']),
    ...forOperators,
    '',
    'Options:',
    ...columns([
      ['-h, --help', `shows this text; "${NAME} <command> --help" has examples`],
      ['--version', 'shows the version'],
    ]),
    '',
    'Exit codes:',
    ...columns([
      ['0', 'done'],
      ['1', 'a file, a port or a pipe of this machine does not work'],
      ['2', 'the arguments are wrong'],
      ['3', 'there is no subject token'],
      ['4', 'the broker refuses; the line on standard error has its code and the request id'],
      ['5', 'the broker cannot be reached, or asks to come back later'],
      ['6', 'a command for operators found something'],
    ]),
    '',
    'Begin with:',
    `  export OSS_TOKEN_BROKER_URL=https://broker.example.com`,
    `  ${NAME} exec --grant acme-reports --token-file token.jwt -- ossutil ls oss://app-media/partners/acme/`,
  );
}

/** The text of `oss-token-broker <command> --help`. */
export function commandHelp(spec: CommandSpec): string {
  const { name, summary, usage, examples, notes = [] } = spec;
  return lines(
    `Usage: ${NAME} ${name} ${usage}`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    '',
    'Examples:',
    ...examples.flatMap(([what, ...commands]) => [
      `  # ${what}`,
      ...commands.map((command) => `  ${command}`),
      '',
    ]),
    'Options:',
    ...columns(optionsOf(spec).map((option) => [flagsOf(option), option.text])),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  );
}

function summariesOf(
  specs: readonly CommandSpec[],
  isListed: (spec: CommandSpec) => boolean,
): readonly string[] {
  return columns(specs.filter(isListed).map(({ name, summary }) => [name, summary]));
}

function flagsOf({ name, short, value }: OptionSpec): string {
  const flags = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return value === undefined ? flags : `${flags} <${value}>`;
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`);
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
