/** What is left of a rate limit, in the units that callers are told. */

import type { RateSettings } from '../config/limit-settings.ts';
import type { Usage } from '../store/store.ts';

export type RateLimitScope = 'subject' | 'issuer' | 'address' | 'refused_tokens';

export interface RateLimitState {
  readonly scope: RateLimitScope;
  readonly limit: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Whole seconds until the window ends; at least 1. */
  readonly resetSeconds: number;
}

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
