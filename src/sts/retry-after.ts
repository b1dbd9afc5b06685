/** Computes Retry-After for refused callers, spread so that they do not all return at once. */

/** The shortest span over which their retries are spread. */
const MIN_SPREAD_MS = 4000;

/**
 * Whole seconds for `Retry-After`: the wait, and up to as long again. Those who were refused
 * together do not come back together. `random` is from 0 to 1.
 */
export function spreadRetryAfterSeconds(waitMs: number, random: number): number {
  return Math.ceil((waitMs + random * Math.max(waitMs, MIN_SPREAD_MS)) / 1000);
}
