/** What a command takes. Parser, help and shell completion all read this one description. */

export interface OptionSpec {
  /** Without hyphens. */
  readonly name: string;
  readonly short?: string;
  /** What stands for the value in the help. Absent: the option takes none. */
  readonly value?: string;
  /** All values that there are. */
  readonly choices?: readonly string[];
  /** True if the value is a path. */
  readonly isPath?: boolean;
  readonly text: string;
}

export interface CommandSpec {
  readonly name: string;
  /** Completes the sentence "This command …". */
  readonly summary: string;
  /** What follows the name. */
  readonly usage: string;
  readonly options: readonly OptionSpec[];
  /** True if a program and its arguments follow `--`. */
  readonly takesProgram?: boolean;
  /** The words that the command takes without an option. */
  readonly operands?: readonly string[];
  /** How many words of the user's own, such as paths, it takes at most. */
  readonly takesWords?: number;
  /** Whom the command is for. Absent: callers. */
  readonly isForOperators?: true;
  /** What each example does, and its commands. */
  readonly examples: readonly (readonly [string, string, ...string[]])[];
  /** Lines below the examples. */
  readonly notes?: readonly string[];
}

export const HELP: OptionSpec = { name: 'help', short: 'h', text: 'shows this text' };

/** The options of the command, and those of every command. */
export function optionsOf(spec: CommandSpec): readonly OptionSpec[] {
  return [...spec.options, HELP];
}
