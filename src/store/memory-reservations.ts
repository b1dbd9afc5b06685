/** A bounded number of reservations in the memory of one instance. */
import { type Reservations, StoreUnavailable } from './store.ts';

/** One reservation takes about 300 bytes. */
const MAX_RESERVATIONS = 100_000;
/** Beyond this share of them, each subject holds at most a small share, so that nobody fills the rest. */
const CROWDED_SHARE = 0.5;
const SHARE_OF_SUBJECT = 0.01;
const TIDY_EVERY_MS = 1000;

interface Held {
  readonly owners: Set<string>;
  readonly subject: string;
  readonly untilMs: number;
}

/**
 * Makes reservations that last until they expire. Live ones are never dropped to make room: a token
 * could then be used again. At `maxReservations`, new ones throw StoreUnavailable until some expire;
 * beyond half of that, so do those of a subject that holds a hundredth.
 */
export function createMemoryReservations(options: {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly maxReservations?: number;
}): Reservations {
  const { now, maxReservations = MAX_RESERVATIONS } = options;
  const crowdedAt = maxReservations * CROWDED_SHARE;
  const maxOfSubject = Math.max(1, Math.floor(maxReservations * SHARE_OF_SUBJECT));
  const held = new Map<string, Held>();
  const countOf = new Map<string, number>();
  let tidyAtMs = 0;

  function add(key: string, holder: Held): void {
    held.set(key, holder);
    countOf.set(holder.subject, (countOf.get(holder.subject) ?? 0) + 1);
  }

  function remove(key: string, { subject }: Held): void {
    held.delete(key);
    const left = (countOf.get(subject) ?? 0) - 1;
    if (left > 0) countOf.set(subject, left);
    else countOf.delete(subject);
  }

  /** Removes expired reservations. It scans all of them, so it runs at most once a second. */
  function tidy(nowMs: number): void {
    if (nowMs < tidyAtMs) return;
    tidyAtMs = nowMs + TIDY_EVERY_MS;
    for (const [key, holder] of held) if (holder.untilMs <= nowMs) remove(key, holder);
  }

  function findProblem(subject: string): string | undefined {
    if (held.size >= maxReservations) return 'too many one-time tokens are reserved';
    const isOverShare = held.size >= crowdedAt && (countOf.get(subject) ?? 0) >= maxOfSubject;
    return isOverShare ? 'the subject has reserved too many one-time tokens' : undefined;
  }

  return {
    async reserve({ key, owner, subject, lifeMs, holders = 1 }) {
      const nowMs = now();
      const holder = held.get(key);
      if (holder !== undefined && holder.untilMs > nowMs) {
        if (holder.owners.size >= holders) return false;
        holder.owners.add(owner);
        return true;
      }
      if (holder !== undefined) remove(key, holder);
      if (findProblem(subject) !== undefined) tidy(nowMs);
      const problem = findProblem(subject);
      if (problem !== undefined) throw new StoreUnavailable(problem, TIDY_EVERY_MS);
      add(key, { owners: new Set([owner]), subject, untilMs: nowMs + lifeMs });
      return true;
    },
    async release({ key, owner }) {
      const holder = held.get(key);
      holder?.owners.delete(owner);
      if (holder?.owners.size === 0) remove(key, holder);
    },
  };
}
