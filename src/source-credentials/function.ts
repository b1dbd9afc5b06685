/** Source credentials of a function in Function Compute: the environment that the platform sets. */
import { createBackoff } from '../lib/backoff.ts';
import { isSameKey } from '../lib/is-same-key.ts';
import type { SourceCredentials, SourceCredentialsProvider } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { createEnvironmentCredentials, type Environment } from './environment.ts';

/** A no that comes so long after the one before stands for itself: STS has said yes in between, or nobody asked. */
const FORGOTTEN_AFTER_MS = 60_000;

/**
 * Source credentials of a function. The platform sets its environment once, when the instance
 * starts, and its session lasts 36 hours: an instance may outlive it
 * (https://www.alibabacloud.com/help/en/functioncompute/fc/environment-variables). Once STS has turned
 * it down it is passed over for a second at the most, then for longer: not every request tries it in
 * vain, and a single mistaken no does little harm.
 */
export function createFunctionCredentials(options: {
  readonly environment: Environment;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
}): SourceCredentialsProvider {
  const { environment, now, random } = options;
  const inner = createEnvironmentCredentials(environment);
  const backoff = createBackoff({ now, random });
  let rejected: { readonly credentials: SourceCredentials; readonly atMs: number } | undefined;

  async function get(): Promise<SourceCredentials> {
    const found = await inner.get();
    if (rejected === undefined || !isSameKey(found, rejected.credentials)) return found;
    if (backoff.leftMs() === 0) return found;
    throw refuse({
      reason: 'source_credentials_unavailable',
      problem: 'function: STS no longer accepts the credentials that the instance was started with',
    });
  }

  return {
    get,
    async renew(credentials) {
      // requests that were on their way together are turned down together: that is one no
      if (backoff.leftMs() === 0) {
        if (rejected !== undefined && now() - rejected.atMs >= FORGOTTEN_AFTER_MS) backoff.reset();
        backoff.fail();
        rejected = { credentials, atMs: now() };
      }
      return get();
    },
  };
}
