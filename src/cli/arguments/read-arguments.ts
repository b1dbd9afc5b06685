/** Reads the arguments of a command by its description, with the parser of Node. */
import { parseArgs } from 'node:util';
import { CliError, EXIT } from '../system/cli-error.ts';
import { printable } from '../system/printable.ts';
import { type CommandSpec, optionsOf } from './command-spec.ts';

export interface Arguments {
  /** The value of an option; undefined if it is not given. */
  readonly text: (name: string) => string | undefined;
  readonly has: (name: string) => boolean;
  readonly operands: readonly string[];
  /** What follows `--`; undefined if there is no `--`. */
  readonly program: readonly string[] | undefined;
}

/** A JWT: anybody on the machine can read it in the list of processes. */
const TOKEN = /eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/;

/** Throws a CliError that quotes no value. Every option can be given once. */
export function readArguments(spec: CommandSpec, args: readonly string[]): Arguments {
  const end = spec.takesProgram === true ? args.indexOf('--') : -1;
  const own = end === -1 ? args : args.slice(0, end);
  if (own.some((arg) => TOKEN.test(arg))) {
    throw usageError(
      spec,
      'A subject token must not be an argument, since every user of the machine can read arguments. Use --token-file, --token-stdin or --token-env.',
    );
  }
  const options = optionsOf(spec);
  const { values, positionals } = parse(spec, own);
  for (const { name, choices } of options) {
    const [value, another] = values.get(name) ?? [];
    if (another !== undefined) throw usageError(spec, `--${name} is given twice.`);
    if (value === '') throw usageError(spec, `--${name} is empty.`);
    if (typeof value === 'string' && choices !== undefined && !choices.includes(value)) {
      throw usageError(spec, `--${name} is one of ${choices.join(', ')}.`);
    }
  }
  const [unexpected] = positionals
    .filter((word) => spec.operands?.includes(word) !== true)
    .slice(spec.takesWords ?? 0);
  if (unexpected !== undefined) throw usageError(spec, describeUnexpected(spec, unexpected));

  const known = (name: string) => {
    if (!options.some((option) => option.name === name)) throw new Error(`no option ${name}`);
    return values.get(name)?.[0];
  };
  return {
    text(name) {
      const value = known(name);
      return typeof value === 'string' ? value : undefined;
    },
    has: (name) => known(name) !== undefined,
    operands: positionals,
    program: end === -1 ? undefined : args.slice(end + 1),
  };
}

function parse(spec: CommandSpec, args: readonly string[]) {
  const options = optionsOf(spec).map(({ name, short, value }) => {
    const type = value === undefined ? ('boolean' as const) : ('string' as const);
    return [name, { type, multiple: true, ...(short === undefined ? {} : { short }) }] as const;
  });
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(options),
      allowPositionals: true,
    });
    const lists = Object.entries(values).map(
      ([name, list]) => [name, Array.isArray(list) ? list : []] as const,
    );
    return { values: new Map(lists), positionals };
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (typeof code !== 'string' || !code.startsWith('ERR_PARSE_ARGS_')) throw error;
    throw usageError(spec, describeProblem(error));
  }
}

/** The first sentence of the parser's message: it names the option and quotes no value. */
function describeProblem(error: unknown): string {
  const [first = ''] = error instanceof Error ? error.message.split(/\. |\n/) : [];
  return `${printable(first).replace(/\.$/, '')}.`;
}

function describeUnexpected(spec: CommandSpec, word: string): string {
  if (spec.takesProgram === true) return 'The program stands behind "--".';
  if (spec.operands !== undefined)
    return `"${printable(word)}" is none of ${spec.operands.join(', ')}.`;
  return `"${printable(word)}" is not expected.`;
}

function usageError(spec: CommandSpec, problem: string): CliError {
  return new CliError(EXIT.usage, `${problem} See oss-token-broker ${spec.name} --help`);
}
