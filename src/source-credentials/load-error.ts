/** Why source credentials could not be loaded, in words that are safe to show. */
import { systemErrorCode } from '../lib/system-error-code.ts';
import { isAboutSourceCredentials } from '../refusal.ts';

/** Thrown by whatever loads source credentials. Its problem never holds a part of what a source gave. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
  readonly problem: string;
  /** Whether trying again soon may help. */
  readonly isTransient: boolean;
  /** The code of STS's answer, if STS answered with one. */
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

/** Anything thrown while loading, as a LoadError. The message of a foreign error is dropped: it may hold secrets. */
export function toLoadError(error: unknown): LoadError {
  if (error instanceof LoadError) return error;
  if (isAboutSourceCredentials(error)) return new LoadError(error.refusal.problem);
  return new LoadError(withCode('it failed', error));
}

/** The sentence with the code of the error behind it, where it has one. */
export function withCode(sentence: string, error: unknown): string {
  const code = systemErrorCode(error);
  return code === undefined ? sentence : `${sentence} (${code})`;
}
