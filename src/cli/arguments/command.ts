/** What runs when a command is named. */
import type { Machine } from '../system/machine.ts';
import type { CommandSpec } from './command-spec.ts';
import type { Arguments } from './read-arguments.ts';

export interface Command {
  readonly spec: CommandSpec;
  /** Returns the exit code. Throws a CliError. */
  readonly run: (args: Arguments, machine: Machine, others: LoadSpecs) => Promise<number>;
}

export type LoadSpecs = () => Promise<readonly CommandSpec[]>;
