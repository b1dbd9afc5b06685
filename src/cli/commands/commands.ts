/** All commands, by name. The code of a command is loaded when it is run. */
import type { Command } from '../arguments/command.ts';
import type { CommandSpec } from '../arguments/command-spec.ts';
import { OPERATOR_NAMES, type OperatorName } from '../operator/operator-names.ts';
import { CliError, EXIT, isCliError } from '../system/cli-error.ts';

export const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['get', () => import('./get.ts')],
  ['exec', () => import('./exec.ts')],
  ['agent', () => import('./agent.ts')],
  ['url', () => import('./url.ts')],
  ['completion', () => import('./completion.ts')],
  ...OPERATOR_NAMES.map((name) => [name, () => loadForOperators(name)] as const),
]);

export const OPERATOR_FILE_IS_MISSING =
  'The commands for operators are in operator.cjs, which must be beside this program.';

/**
 * The commands for operators are one file of their own: they need packages, which take time to load.
 * @throws CliError if the file is not there.
 */
async function loadForOperators(name: OperatorName): Promise<Command> {
  const { OPERATOR_COMMANDS } = await import('../operator/operator-commands.ts').catch(
    (error: unknown) => {
      throw isMissingFile(error) ? new CliError(EXIT.failed, OPERATOR_FILE_IS_MISSING) : error;
    },
  );
  return OPERATOR_COMMANDS[name]();
}

/** The message of Node begins with what was asked for, and not with what that file asks for. */
function isMissingFile(error: unknown): boolean {
  return error instanceof Error && /^Cannot find module '\.\/operator\.cjs'/.test(error.message);
}

/** The descriptions of all commands that are there, in the order of the help. */
export async function loadSpecs(): Promise<readonly CommandSpec[]> {
  const commands = await Promise.all(
    [...COMMANDS.values()].map((load) =>
      load().catch((error: unknown) => {
        if (isCliError(error)) return undefined;
        throw error;
      }),
    ),
  );
  return commands.flatMap((command) => (command === undefined ? [] : [command.spec]));
}
