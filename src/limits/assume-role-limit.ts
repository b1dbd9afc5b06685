/** Limits how often one subject makes the broker call STS, with a default if the config sets no limit. */
import type { RateSettings } from '../config/limit-settings.ts';
import type { AssumeRole } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';
import { countRequest, createRateLimit } from './rate-limit.ts';

/**
 * The limit of a config that sets none. STS allows 100 AssumeRole a second for a whole account, so
 * one subject gets at most a hundredth over time. Ten at once is a page that opens ten narrowed
 * credentials; each of them then serves for half its life from the cache.
 */
const DEFAULT_ASSUME_ROLE_LIMIT: RateSettings = { requests: 10, windowSeconds: 10 };

/**
 * Wraps an AssumeRole behind the cache, so that it counts what the cache could not answer. Throws
 * `rate_limited`, and `sts_unavailable` if nothing can be counted.
 */
export function createAssumeRoleLimit(options: {
  readonly assumeRole: AssumeRole;
  /** Absent: the default. */
  readonly settings: RateSettings | undefined;
  readonly store: Store;
}): AssumeRole {
  const { assumeRole, settings = DEFAULT_ASSUME_ROLE_LIMIT, store } = options;
  const limit = createRateLimit('assume_role', settings, store);
  return async function assumeRoleWithinLimit(request) {
    try {
      await countRequest(limit, [request.caller]);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      const retryAfterSeconds = Math.ceil(error.retryAfterMs / 1000);
      throw refuse({ reason: 'sts_unavailable', problem: error.problem, retryAfterSeconds });
    }
    return assumeRole(request);
  };
}
