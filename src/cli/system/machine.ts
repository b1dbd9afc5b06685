/** What a command may use of the machine that it runs on. Only main.ts makes one from the real process. */

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Machine {
  readonly environment: Environment;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Resolves after the time, or at once when the signal is aborted. */
  readonly sleep: (delayMs: number, signal?: AbortSignal) => Promise<void>;
  /** All of standard input. */
  readonly readStdin: () => Promise<string>;
  /** Standard input, as it comes and without a limit. */
  readonly streamStdin: () => AsyncIterable<Buffer>;
  /** Asks a person on a terminal for a line; undefined if there will be none. Absent: nobody is there. */
  readonly ask?: (question: string) => Promise<string | undefined>;
  /** Writes data to standard output. */
  readonly print: (text: string) => Promise<void>;
  /** Writes a message to standard error, as a line of its own. */
  readonly tell: (message: string) => void;
  /** True if a person reads standard output. */
  readonly printsToTerminal: boolean;
  /** Calls back on every signal of these until the returned function is called. */
  readonly onSignals: (
    names: readonly NodeJS.Signals[],
    listener: (name: NodeJS.Signals) => void,
  ) => () => void;
  /** Ends this process as the signal would, so that its parent sees the signal. */
  readonly endBySignal: (name: NodeJS.Signals) => Promise<number>;
  /** True if one terminal sends its signals to this process and its children alike. */
  readonly isInTerminal: boolean;
}
