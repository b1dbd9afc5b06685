/** The error for source credentials that cannot be loaded, in words that are safe to show. */
import { systemErrorCode } from '../lib/system-error-code.ts';
import { isAboutSourceCredentials } from '../refusal.ts';

/** Thrown by every loader of source credentials. Its problem never quotes the content of a source. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
  readonly problem: string;
  /** Whether a retry soon may help. */
  readonly isTransient: boolean;
  /** The Code of the STS answer, if it has one. */
  readonly stsCode: string | undefined;

  constructor(
    problem: string,
    options: { readonly isTransient?: boolean; readonly stsCode?: string } = {},
  ) {
    super(problem);
    this.problem = problem;
    this.isTransient = options.isTransient ?? false;
    this.stsCode = options.stsCode;
  }
}

/** Turns anything thrown while loading into a LoadError. Drops the message of other errors, which may contain secrets. */
export function toLoadError(error: unknown): LoadError {
  if (error instanceof LoadError) return error;
  if (isAboutSourceCredentials(error)) return new LoadError(error.refusal.problem);
  return new LoadError(withCode('loading failed', error));
}

/** Appends the code of the error, if it has one. */
export function withCode(sentence: string, error: unknown): string {
  const code = systemErrorCode(error);
  return code === undefined ? sentence : `${sentence} (${code})`;
}
