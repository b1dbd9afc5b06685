/** Keeps the keys of one issuer at hand: loads them on first use and renews them as requests come. */
import { createBackoff } from '../../lib/backoff.ts';
import type { Observe } from '../../observe/event.ts';
import { refuse } from '../../refusal.ts';
import type { WantedKey } from '../header.ts';
import { describeProblem } from './issuer-problem.ts';
import { EMPTY_KEY_SET, type FoundKey, findKey, type KeySet } from './key-set.ts';
import type { LoadKeySet } from './load-key-set.ts';

export interface IssuerKeys {
  /** Throws `key_unknown` or `issuer_keys_unavailable`. */
  readonly find: (wanted: WantedKey) => Promise<FoundKey>;
  /** Loads the keys unless they are at hand. Never throws: problems are reported as events. */
  readonly warm: () => Promise<void>;
}

export interface IssuerKeysOptions {
  readonly issuerName: string;
  readonly load: LoadKeySet;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1: spreads the attempts of many brokers at one issuer. */
  readonly random: () => number;
  /** After this long, a load that has not come back counts as abandoned. */
  readonly timeoutMs: number;
  readonly observe: Observe;
}

/** So long keys are used without asking the issuer again. */
const FRESH_MS = 10 * 60 * 1000;
/** So long keys are used while the issuer cannot be reached. */
const USABLE_MS = 24 * 60 * 60 * 1000;
const UNKNOWN_KEY_COOLDOWN_MS = 30 * 1000;

/** Beyond its own timeout a load has this much more to come back, before it counts as abandoned. */
const ABANDONED_AFTER_MS = 1000;

/**
 * Keys that are fetched. Everything happens as part of a request and by the clock passed in, since
 * no timer runs in a frozen function. All requests share one load; none waits for the renewal of
 * usable keys; made-up `kid`s cause one load in 30 s at most, whether it succeeds or not.
 */
export function createFetchedKeys(options: IssuerKeysOptions): IssuerKeys {
  const { issuerName, load, now, random, timeoutMs, observe } = options;
  const backoff = createBackoff({ now, random });
  let held: { readonly keySet: KeySet; readonly loadedAt: number } | undefined;
  let flight: { readonly startedAt: number; readonly landed: Promise<void> } | undefined;
  /** Why the last load failed; undefined once one has succeeded. */
  let problem: string | undefined;
  let wasAbandoned = false;
  let unknownKeyAt = Number.NEGATIVE_INFINITY;

  async function find(wanted: WantedKey): Promise<FoundKey> {
    const hasWaited = await renewKeys();
    const key = lookUp(wanted);
    if (key !== undefined) return key;

    const refetch = hasWaited ? undefined : refetchForUnknownKey();
    if (refetch !== undefined) {
      await refetch;
      const newKey = lookUp(wanted);
      if (newKey !== undefined) return newKey;
    }
    // With the issuer out of reach, nobody can say that the key does not exist.
    if (problem !== undefined) throw unavailable(unknownKeyAt + UNKNOWN_KEY_COOLDOWN_MS);
    throw refuse({ reason: 'key_unknown', issuerName });
  }

  async function warm(): Promise<void> {
    if (!isFresh()) await refresh();
  }

  /** Waits only without usable keys, or when renewing them in the background did not work out. */
  async function renewKeys(): Promise<boolean> {
    if (isFresh()) return false;
    const refreshing = refresh();
    if (refreshing === undefined || (hasUsableKeys() && !wasAbandoned)) return false;
    await refreshing;
    return true;
  }

  function lookUp(wanted: WantedKey): FoundKey | undefined {
    if (held === undefined || !hasUsableKeys()) throw unavailable(0);
    return findKey(held.keySet, wanted);
  }

  function refetchForUnknownKey(): Promise<void> | undefined {
    if (isFlying()) return flight?.landed;
    if (isWithin(unknownKeyAt, UNKNOWN_KEY_COOLDOWN_MS)) return undefined;
    const refetch = refresh();
    if (refetch !== undefined) unknownKeyAt = now();
    return refetch;
  }

  /** The load under way, or a new one, or nothing so soon after a failure. Never rejects. */
  function refresh(): Promise<void> | undefined {
    if (isFlying()) return flight?.landed;
    // Function and load were frozen halfway. It must not block others, and if the next load ran in
    // the background too, it could end the same way every time.
    if (flight !== undefined) wasAbandoned = true;
    if (backoff.leftMs() > 0) return undefined;

    const started = { startedAt: now(), landed: load().then(land, crash) };
    flight = started;
    return started.landed;

    function land(keySet: KeySet): void {
      if (flight !== started) return;
      wasAbandoned = !isFlying();
      flight = undefined;
      problem = undefined;
      backoff.reset();
      // The old set goes as a whole, and with it every key that the issuer has withdrawn.
      held = { keySet, loadedAt: started.startedAt };
      const { keys, dropped } = keySet;
      observe({ kind: 'keys_loaded', issuerName, keys: keys.length, dropped });
    }

    function crash(error: unknown): void {
      if (flight !== started) return;
      wasAbandoned = !isFlying();
      flight = undefined;
      // What failed because it was frozen says nothing about the issuer.
      if (wasAbandoned) return;
      problem = describeProblem(error);
      backoff.fail();
      observe({ kind: 'key_refresh_failed', issuerName, problem });
    }
  }

  function unavailable(notBefore: number) {
    const waitMs = Math.max(backoff.leftMs(), notBefore - now());
    return refuse({
      reason: 'issuer_keys_unavailable',
      issuerName,
      problem: problem ?? 'the keys could not be loaded in time',
      retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
    });
  }

  function isFresh(): boolean {
    return held !== undefined && isWithin(held.loadedAt, FRESH_MS);
  }

  function hasUsableKeys(): boolean {
    return held !== undefined && now() - held.loadedAt < USABLE_MS;
  }

  function isFlying(): boolean {
    return flight !== undefined && isWithin(flight.startedAt, timeoutMs + ABANDONED_AFTER_MS);
  }

  /** False also for a time in the future, so that a clock set back blocks nothing. */
  function isWithin(since: number, lengthMs: number): boolean {
    const elapsedMs = now() - since;
    return elapsedMs >= 0 && elapsedMs < lengthMs;
  }

  return { find, warm };
}

/** Keys that the config itself holds: read once, and replaced only with the config. */
export function createInlineKeys(
  options: Pick<IssuerKeysOptions, 'issuerName' | 'load' | 'observe'>,
): IssuerKeys {
  const { issuerName, load, observe } = options;
  let reading: Promise<KeySet> | undefined;

  async function read(): Promise<KeySet> {
    try {
      const keySet = await load();
      const { keys, dropped } = keySet;
      observe({ kind: 'keys_loaded', issuerName, keys: keys.length, dropped });
      return keySet;
    } catch (error) {
      observe({ kind: 'key_refresh_failed', issuerName, problem: describeProblem(error) });
      return EMPTY_KEY_SET;
    }
  }

  async function find(wanted: WantedKey): Promise<FoundKey> {
    reading ??= read();
    const key = findKey(await reading, wanted);
    if (key === undefined) throw refuse({ reason: 'key_unknown', issuerName });
    return key;
  }

  async function warm(): Promise<void> {
    reading ??= read();
    await reading;
  }

  return { find, warm };
}
