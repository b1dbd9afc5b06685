/** Provides the source credentials of a function in Function Compute from the environment that the platform sets. */
import { createBackoff } from '../lib/backoff.ts';
import { isSameKey } from '../lib/is-same-key.ts';
import type { SourceCredentials, SourceCredentialsProvider } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { createEnvironmentCredentials, type Environment } from './environment.ts';

/** The backoff restarts if the last STS refusal is older than this: STS accepted the key since, or nobody asked. */
const FORGOTTEN_AFTER_MS = 60_000;

/**
 * Makes the provider. The platform sets the environment once, when the instance starts. Its session
 * lasts 36 hours, and an instance may outlive it
 * (https://www.alibabacloud.com/help/en/functioncompute/fc/environment-variables). After an STS refusal
 * the credentials are skipped for at most one second, then for longer. So most requests do not try
 * in vain, and a single mistaken refusal does little harm.
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
  let refused: { readonly credentials: SourceCredentials; readonly atMs: number } | undefined;

  async function get(): Promise<SourceCredentials> {
    const found = await inner.get();
    if (refused === undefined || !isSameKey(found, refused.credentials)) return found;
    if (backoff.leftMs() === 0) return found;
    throw refuse({
      reason: 'source_credentials_unavailable',
      problem: 'function: STS no longer accepts the credentials that the instance started with',
    });
  }

  return {
    get,
    async renew(credentials) {
      // requests in flight together are refused together, which counts as one refusal
      if (backoff.leftMs() === 0) {
        if (refused !== undefined && now() - refused.atMs >= FORGOTTEN_AFTER_MS) backoff.reset();
        backoff.fail();
        refused = { credentials, atMs: now() };
      }
      return get();
    },
  };
}
