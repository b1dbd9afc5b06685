/** When those who were sent away should come back: each at a time of its own. */

/** Callers are told to come back within this long at the least. */
const MIN_SPREAD_MS = 4000;

/**
 * Whole seconds for `Retry-After`: the wait, and up to as long again. Those who were refused
 * together do not come back together. `random` is from 0 to 1.
 */
export function spreadRetryAfterSeconds(waitMs: number, random: number): number {
  return Math.ceil((waitMs + random * Math.max(waitMs, MIN_SPREAD_MS)) / 1000);
}
