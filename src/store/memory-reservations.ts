/** A bounded number of reservations in the memory of one instance. */
import { type Reservations, StoreUnavailable } from './store.ts';

/** One reservation takes about 200 bytes. */
const MAX_RESERVATIONS = 100_000;
const TIDY_EVERY_MS = 1000;

/**
 * Makes reservations that last until they expire. Live ones are never dropped to make room: a token
 * could then be used again. At `maxReservations`, new ones throw StoreUnavailable until some expire.
 */
export function createMemoryReservations(options: {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly maxReservations?: number;
}): Reservations {
  const { now, maxReservations = MAX_RESERVATIONS } = options;
  const held = new Map<string, { readonly owners: Set<string>; readonly untilMs: number }>();
  let tidyAtMs = 0;

  /** Removes expired reservations. It scans all of them, so it runs at most once a second. */
  function tidy(nowMs: number): void {
    if (nowMs < tidyAtMs) return;
    tidyAtMs = nowMs + TIDY_EVERY_MS;
    for (const [key, { untilMs }] of held) if (untilMs <= nowMs) held.delete(key);
  }

  return {
    async reserve({ key, owner, lifeMs, holders = 1 }) {
      const nowMs = now();
      const holder = held.get(key);
      if (holder !== undefined && holder.untilMs > nowMs) {
        if (holder.owners.size >= holders) return false;
        holder.owners.add(owner);
        return true;
      }
      if (held.size >= maxReservations) tidy(nowMs);
      if (held.size >= maxReservations) {
        throw new StoreUnavailable('too many one-time tokens are reserved', TIDY_EVERY_MS);
      }
      held.set(key, { owners: new Set([owner]), untilMs: nowMs + lifeMs });
      return true;
    },
    async release({ key, owner }) {
      const holder = held.get(key);
      holder?.owners.delete(owner);
      if (holder?.owners.size === 0) held.delete(key);
    },
  };
}
