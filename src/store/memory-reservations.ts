/** A bounded number of reservations in the memory of one instance. */
import { type Reservations, StoreUnavailable } from './store.ts';

/** One holder takes about 300 bytes. */
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
 * could then be used again. At `maxReservations` holders, new ones throw StoreUnavailable until some
 * expire. From half of that on, so do those of a subject that holds a hundredth.
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
  /** How many holders there are, altogether and of each subject. */
  let holderCount = 0;
  const countOf = new Map<string, number>();
  let tidyAtMs = 0;

  function count(subject: string, change: number): void {
    holderCount += change;
    const ofSubject = (countOf.get(subject) ?? 0) + change;
    if (ofSubject > 0) countOf.set(subject, ofSubject);
    else countOf.delete(subject);
  }

  function remove(key: string, { subject, owners }: Held): void {
    held.delete(key);
    count(subject, -owners.size);
  }

  /** Removes expired reservations. It scans all of them, so it runs at most once a second. */
  function tidy(nowMs: number): void {
    if (nowMs < tidyAtMs) return;
    tidyAtMs = nowMs + TIDY_EVERY_MS;
    for (const [key, holder] of held) if (holder.untilMs <= nowMs) remove(key, holder);
  }

  function findProblem(subject: string): string | undefined {
    if (holderCount >= maxReservations) return 'too many one-time tokens are reserved';
    const isOverShare = holderCount >= crowdedAt && (countOf.get(subject) ?? 0) >= maxOfSubject;
    return isOverShare ? 'the subject has reserved too many one-time tokens' : undefined;
  }

  return {
    async reserve({ key, owner, subject, lifeMs, holders = 1 }) {
      const nowMs = now();
      const known = held.get(key);
      if (known !== undefined && known.untilMs <= nowMs) remove(key, known);
      const live = held.get(key);
      if (live !== undefined && live.owners.size >= holders) return false;
      if (findProblem(subject) !== undefined) tidy(nowMs);
      const problem = findProblem(subject);
      if (problem !== undefined) throw new StoreUnavailable(problem, TIDY_EVERY_MS);
      const holder = live ?? { owners: new Set(), subject, untilMs: nowMs + lifeMs };
      held.set(key, holder);
      holder.owners.add(owner);
      count(holder.subject, 1);
      return true;
    },
    async release({ key, owner }) {
      const holder = held.get(key);
      if (holder?.owners.delete(owner) !== true) return;
      count(holder.subject, -1);
      if (holder.owners.size === 0) held.delete(key);
    },
  };
}
