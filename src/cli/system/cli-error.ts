/** The only error that a command throws on purpose: a sentence for standard error, and an exit code. */

/** The exit codes that docs/cli.md lists. A program that `exec` runs ends with codes of its own. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  noSubjectToken: 3,
  refused: 4,
  unavailable: 5,
  /** A command for operators found something: it is for scripts to act on. */
  found: 6,
  /** Every failure of `exec` itself, as with `timeout` and `env`. */
  execFailed: 125,
  programNotRunnable: 126,
  programNotFound: 127,
} as const;

type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  /** Seconds after which the broker wants to be asked again. */
  readonly retryAfterSeconds: number | undefined;

  /** The message goes to standard error, so it holds no secret. */
  constructor(exitCode: ExitCode, message: string, retryAfterSeconds?: number) {
    super(message);
    this.exitCode = exitCode;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The two files of the built program hold this class once each, so its name decides. */
export function isCliError(error: unknown): error is CliError {
  return error instanceof Error && error.name === 'CliError' && 'exitCode' in error;
}

/** True if the same request may succeed later. */
export function isTemporary(error: unknown): error is CliError {
  return isCliError(error) && error.exitCode === EXIT.unavailable;
}
