/** The headers of a refusal that mean the same on every surface: when to try again, and with which method. */
import type { RateLimitState } from '../../ports.ts';
import type { Refusal } from '../../refusal.ts';
import { toRateLimitHeaders } from './rate-limit-headers.ts';

/** `Retry-After` is in seconds (RFC 9110 section 10.2.3). */
export function toRefusalHeaders(refusal: Refusal): Readonly<Record<string, string>> {
  if ('retryAfterSeconds' in refusal) {
    const retryAfter = { 'Retry-After': String(refusal.retryAfterSeconds) };
    return refusal.reason === 'rate_limited'
      ? { ...retryAfter, ...toRateLimitHeaders([usedUp(refusal)]) }
      : retryAfter;
  }
  return refusal.reason === 'method_not_allowed' ? { Allow: refusal.allow } : {};
}

function usedUp(refusal: Extract<Refusal, { reason: 'rate_limited' }>): RateLimitState {
  const { scope, limit, windowSeconds, retryAfterSeconds } = refusal;
  return { scope, limit, windowSeconds, remaining: 0, resetSeconds: retryAfterSeconds };
}
