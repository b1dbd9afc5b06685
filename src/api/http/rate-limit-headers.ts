/** Turns rate limits into HTTP headers. */
import type { RateLimitState } from '../../ports.ts';

/**
 * `RateLimit-Policy` and `RateLimit` as lists of structured fields (draft-ietf-httpapi-ratelimit-headers-10,
 * sections 3 and 4): quota `q` in a window of `w` seconds; `r` remaining until `t` seconds from now.
 */
export function toRateLimitHeaders(
  states: readonly RateLimitState[],
): Readonly<Record<string, string>> {
  if (states.length === 0) return {};
  return {
    'RateLimit-Policy': states
      .map(({ scope, limit, windowSeconds }) => `"${scope}";q=${limit};w=${windowSeconds}`)
      .join(', '),
    RateLimit: states
      .map(({ scope, remaining, resetSeconds }) => `"${scope}";r=${remaining};t=${resetSeconds}`)
      .join(', '),
  };
}
