/** All commands, by name. The code of a command is loaded when it is run. */
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import type { Machine } from '../system/machine.ts';

export interface Command {
  readonly spec: CommandSpec;
  /** Returns the exit code. Throws a CliError. */
  readonly run: (args: Arguments, machine: Machine, others: LoadSpecs) => Promise<number>;
}

type LoadSpecs = () => Promise<readonly CommandSpec[]>;

export const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['get', () => import('./get.ts')],
  ['exec', () => import('./exec.ts')],
  ['agent', () => import('./agent.ts')],
  ['url', () => import('./url.ts')],
  ['completion', () => import('./completion.ts')],
]);

/** The descriptions of all commands, in the order of the help. */
export async function loadSpecs(): Promise<readonly CommandSpec[]> {
  const commands = await Promise.all([...COMMANDS.values()].map((load) => load()));
  return commands.map(({ spec }) => spec);
}
