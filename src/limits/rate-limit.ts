/** One rate limit: counts requests in a window, and refuses those beyond it. */
import type { RateSettings } from '../config/limit-settings.ts';
import type { RateLimitScope, RateLimitState } from '../ports.ts';
import { type RefusalError, refuse } from '../refusal.ts';
import type { Counter, Store } from '../store/store.ts';
import { limitKey } from './limit-key.ts';
import { toRateLimitState } from './rate-limit-state.ts';

export interface RateLimit {
  readonly scope: RateLimitScope;
  readonly settings: RateSettings;
  readonly counter: Counter;
}

/** Undefined without settings: then nothing is counted. */
export function createRateLimit(
  scope: RateLimitScope,
  settings: RateSettings | undefined,
  store: Store,
): RateLimit | undefined {
  if (settings === undefined) return undefined;
  const { windowSeconds } = settings;
  return { scope, settings, counter: store.counter({ name: scope, windowSeconds }) };
}

/** Counts one request for the key. Throws `rate_limited` beyond the limit. */
export async function countRequest(
  limit: RateLimit | undefined,
  key: readonly string[],
): Promise<RateLimitState | undefined> {
  if (limit === undefined) return undefined;
  const { scope, settings, counter } = limit;
  const usage = await counter.add(limitKey([scope, ...key]));
  const state = toRateLimitState(scope, settings, usage);
  if (usage.used > settings.requests) throw refuseForRate(state);
  return state;
}

/** Makes the refusal of a request beyond the limit. */
export function refuseForRate(state: RateLimitState): RefusalError {
  const { scope, limit, windowSeconds, resetSeconds } = state;
  const retryAfterSeconds = resetSeconds;
  return refuse({ reason: 'rate_limited', scope, limit, windowSeconds, retryAfterSeconds });
}
