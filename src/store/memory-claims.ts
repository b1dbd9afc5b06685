/** Claims in the memory of this instance, of bounded number. */
import { type Claims, StoreUnavailable } from './store.ts';

/** One claim takes about 200 bytes. */
const MAX_CLAIMS = 100_000;
const TIDY_EVERY_MS = 1000;

/**
 * Makes claims that hold until they expire. Live ones are never forgotten to make room: that would
 * let a token be used again. Beyond `maxClaims` nothing can be claimed until some expire.
 */
export function createMemoryClaims(options: {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly maxClaims?: number;
}): Claims {
  const { now, maxClaims = MAX_CLAIMS } = options;
  const held = new Map<string, { readonly owner: string; readonly untilMs: number }>();
  let tidyAtMs = 0;

  /** Looks through all claims, so not for every request. */
  function tidy(nowMs: number): void {
    if (nowMs < tidyAtMs) return;
    tidyAtMs = nowMs + TIDY_EVERY_MS;
    for (const [key, { untilMs }] of held) if (untilMs <= nowMs) held.delete(key);
  }

  return {
    async claim({ key, owner, lifeMs }) {
      const nowMs = now();
      const holder = held.get(key);
      if (holder !== undefined && holder.untilMs > nowMs) return false;
      if (held.size >= maxClaims) tidy(nowMs);
      if (held.size >= maxClaims) {
        throw new StoreUnavailable('too many one-time tokens are remembered', TIDY_EVERY_MS);
      }
      held.set(key, { owner, untilMs: nowMs + lifeMs });
      return true;
    },
    async release({ key, owner }) {
      if (held.get(key)?.owner === owner) held.delete(key);
    },
  };
}
