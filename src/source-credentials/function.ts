/** The role of a function in Function Compute: the environment first, the platform's request headers after it. */

import type { AssumeRole } from '../issue-credentials.ts';
import { createBackoff } from '../lib/backoff.ts';
import { RefusalError, refuse } from '../refusal.ts';
import { findCredentialProblem } from './checks.ts';
import {
  createEnvironmentCredentials,
  type Environment,
  isSameKey,
  type SourceCredentials,
  type SourceCredentialsProvider,
} from './source-credentials.ts';

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

/** https://www.alibabacloud.com/help/en/functioncompute/fc/context-and-log-format-1 */
const PLATFORM_HEADERS = {
  accessKeyId: 'x-fc-access-key-id',
  accessKeySecret: 'x-fc-access-key-secret',
  securityToken: 'x-fc-security-token',
} as const;

/**
 * Reads the credentials that Function Compute puts into a request's headers; undefined unless they
 * are all there and look like a session of a role. Whether the platform removes such headers from
 * what a caller sends is not documented, so a caller may have written them.
 */
export function readPlatformCredentials(
  header: (name: string) => string | undefined,
): SourceCredentials | undefined {
  const accessKeyId = header(PLATFORM_HEADERS.accessKeyId);
  const accessKeySecret = header(PLATFORM_HEADERS.accessKeySecret);
  const securityToken = header(PLATFORM_HEADERS.securityToken);
  if (!accessKeyId || !accessKeySecret || !securityToken) return undefined;
  const credentials = { accessKeyId, accessKeySecret, securityToken };
  return findCredentialProblem(credentials) === undefined ? credentials : undefined;
}

/**
 * Signs with the platform's headers what cannot be signed otherwise. `assumeRole`, with its cache
 * and its shared flights, never sees them; `assumeRoleOnce` keeps nothing. So whoever writes such
 * headers only ever changes what signs that very request: STS refuses it, unless the role trusts
 * that key anyway, and no other request is answered with the outcome.
 */
export function createPlatformFallback(options: {
  readonly assumeRole: AssumeRole;
  readonly assumeRoleOnce: AssumeRole;
}): AssumeRole {
  const { assumeRole, assumeRoleOnce } = options;
  return async function assumeRoleOnPlatform({ platformCredentials, ...request }) {
    try {
      return await assumeRole(request);
    } catch (error) {
      if (platformCredentials === undefined || !isForLackOfCredentials(error)) throw error;
      return assumeRoleOnce({ ...request, platformCredentials });
    }
  };
}

function isForLackOfCredentials(error: unknown): boolean {
  return error instanceof RefusalError && error.refusal.reason === 'source_credentials_unavailable';
}
