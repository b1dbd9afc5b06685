/** All commands, by name. The code of a command is loaded when it is run. */
import type { Command } from '../arguments/command.ts';
import type { CommandSpec } from '../arguments/command-spec.ts';
import { OPERATOR_NAMES, type OperatorName } from '../operator/operator-names.ts';

export const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['get', () => import('./get.ts')],
  ['exec', () => import('./exec.ts')],
  ['agent', () => import('./agent.ts')],
  ['url', () => import('./url.ts')],
  ['completion', () => import('./completion.ts')],
  ...OPERATOR_NAMES.map((name) => [name, () => loadForOperators(name)] as const),
]);

/** The commands for operators are one file of their own: they need packages, which take time to load. */
async function loadForOperators(name: OperatorName): Promise<Command> {
  const { OPERATOR_COMMANDS } = await import('../operator/operator-commands.ts');
  return OPERATOR_COMMANDS[name]();
}

/** The descriptions of all commands, in the order of the help. */
export async function loadSpecs(): Promise<readonly CommandSpec[]> {
  const commands = await Promise.all([...COMMANDS.values()].map((load) => load()));
  return commands.map(({ spec }) => spec);
}
