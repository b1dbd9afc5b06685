/** Why source credentials could not be loaded, in words that are safe to show. */
import { RefusalError } from '../refusal.ts';

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
  if (error instanceof RefusalError && error.refusal.reason === 'source_credentials_unavailable') {
    return new LoadError(error.refusal.problem);
  }
  const code = codeOfSystemError(error);
  return new LoadError(code === undefined ? 'it failed' : `it failed (${code})`);
}

/** A code such as ENOENT or UND_ERR_SOCKET, which is the only part of a foreign error that is safe to repeat. */
export function codeOfSystemError(error: unknown): string | undefined {
  for (const candidate of [error, error instanceof Error ? error.cause : undefined]) {
    if (typeof candidate !== 'object' || candidate === null) continue;
    const code: unknown = Reflect.get(candidate, 'code');
    if (typeof code === 'string' && /^(?:E[A-Z0-9]{2,20}|UND_ERR_[A-Z_]{2,30})$/.test(code)) {
      return code;
    }
  }
  return undefined;
}
