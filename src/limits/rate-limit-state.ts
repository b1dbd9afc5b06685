/** Computes the state of a rate limit, in the units of the answer. */
import type { RateSettings } from '../config/limit-settings.ts';
import type { RateLimitScope, RateLimitState } from '../ports.ts';
import type { Usage } from '../store/store.ts';

export function toRateLimitState(
  scope: RateLimitScope,
  { requests, windowSeconds }: RateSettings,
  { used, leftMs }: Usage,
): RateLimitState {
  return {
    scope,
    limit: requests,
    windowSeconds,
    remaining: Math.max(0, requests - used),
    resetSeconds: Math.max(1, Math.ceil(leftMs / 1000)),
  };
}
