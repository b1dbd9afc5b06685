/** Holds the keys of one issuer: loads them on first use and refreshes them as requests arrive. */
import { createBackoff } from '../../lib/backoff.ts';
import { withinDeadline } from '../../lib/within-deadline.ts';
import type { Observe } from '../../observe/event.ts';
import { refuse } from '../../refusal.ts';
import { describeHeader, type WantedKey } from '../header.ts';
import { describeProblem } from './issuer-problem.ts';
import { describeDropped, EMPTY_KEY_SET, type FoundKey, findKey, type KeySet } from './key-set.ts';
import type { LoadKeySet } from './load-key-set.ts';

export interface IssuerKeys {
  /** Throws `key_unknown` or `issuer_keys_unavailable`. */
  readonly find: (wanted: WantedKey) => Promise<FoundKey>;
  /** Loads the keys unless fresh ones are held. Never throws: problems are reported as events. */
  readonly warm: () => Promise<void>;
}

export interface IssuerKeysOptions {
  readonly issuerName: string;
  readonly load: LoadKeySet;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1: spreads the attempts of many brokers over time. */
  readonly random: () => number;
  /** How long a load may take. */
  readonly timeoutMs: number;
  readonly observe: Observe;
}

interface Flight {
  readonly startedAt: number;
  /** How long after its start a request with usable keys still waits for it. */
  readonly waitMs: number;
  readonly landed: Promise<void>;
}

/** Keys younger than this are not refetched. */
const FRESH_MS = 10 * 60 * 1000;
/** Keys younger than this are used during their refresh. With older keys, a request waits for it: some may be withdrawn. */
const USED_UNCHECKED_MS = 15 * 60 * 1000;
/** Keys younger than this are used while the issuer is unreachable. */
const USABLE_MS = 24 * 60 * 60 * 1000;
const UNKNOWN_KEY_COOLDOWN_MS = 30 * 1000;

/** An issuer that failed less than this ago counts as failing. Longer than the longest backoff. */
const FAILING_MS = 60 * 1000;
/** The longest wait of a request with usable keys for a failing issuer. */
const WAIT_FOR_FAILING_MS = 1000;

/** A load counts as abandoned this long after its own timeout. */
const ABANDONED_AFTER_MS = 1000;

/**
 * Makes keys that are fetched. Requests drive everything, by the clock passed in, because no timer
 * runs in a frozen function. All requests share one load. A request waits for it if no key is
 * younger than 15 minutes, and then uses older keys only if the load fails: for at most the load's
 * timeout, for 1 s at most while the issuer is failing, and not at all during the backoff. Made-up
 * `kid`s cause at most one load in 30 s, whether it succeeds or not.
 */
export function createFetchedKeys(options: IssuerKeysOptions): IssuerKeys {
  const { issuerName, load, now, random, timeoutMs, observe } = options;
  const backoff = createBackoff({ now, random });
  let held: { readonly keySet: KeySet; readonly loadedAt: number } | undefined;
  let flight: Flight | undefined;
  /** Why the last load failed; undefined once one has succeeded. */
  let problem: string | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let wasAbandoned = false;
  let unknownKeyAt = Number.NEGATIVE_INFINITY;

  async function find(wanted: WantedKey): Promise<FoundKey> {
    const hasWaited = await refreshKeys();
    const key = lookUp(wanted);
    if (key !== undefined) return key;

    const refetch = hasWaited ? undefined : refetchForUnknownKey();
    if (refetch !== undefined) {
      await refetch;
      const newKey = lookUp(wanted);
      if (newKey !== undefined) return newKey;
    }
    // While the issuer is unreachable, the key may exist.
    if (problem !== undefined) throw unavailable(unknownKeyAt + UNKNOWN_KEY_COOLDOWN_MS);
    throw unknown(issuerName, wanted, describeAge());
  }

  async function warm(): Promise<void> {
    if (!isFresh()) await refresh();
  }

  /** True if the request has waited for a whole load. */
  async function refreshKeys(): Promise<boolean> {
    if (isFresh()) return false;
    const refreshing = refresh();
    if (refreshing === undefined || mayUseUnchecked()) return false;
    if (hasUsableKeys()) await waitAtMost(refreshing, leftToWaitMs());
    else await refreshing;
    return !isFlying();
  }

  /** Not after a refresh in the background was abandoned: the next one could be frozen too. */
  function mayUseUnchecked(): boolean {
    return !wasAbandoned && held !== undefined && isWithin(held.loadedAt, USED_UNCHECKED_MS);
  }

  /** Counted from the start of the load, so that requests during a slow load do not wait in turn. */
  function leftToWaitMs(): number {
    if (flight === undefined) return 0;
    return Math.max(0, flight.startedAt + flight.waitMs - now());
  }

  function lookUp(wanted: WantedKey): FoundKey | undefined {
    if (held === undefined || !hasUsableKeys()) throw unavailable(0);
    const found = findKey(held.keySet, wanted);
    return found === undefined ? undefined : { ...found, ...describeAge() };
  }

  function refetchForUnknownKey(): Promise<void> | undefined {
    if (isFlying()) return flight?.landed;
    if (isWithin(unknownKeyAt, UNKNOWN_KEY_COOLDOWN_MS)) return undefined;
    const refetch = refresh();
    if (refetch !== undefined) unknownKeyAt = now();
    return refetch;
  }

  /** The load in flight, a new one, or undefined during the backoff after a failure. Never rejects. */
  function refresh(): Promise<void> | undefined {
    if (isFlying()) return flight?.landed;
    // The function was frozen during the load. The load must not block others, and the next one
    // must not run in the background, or it could be frozen every time.
    if (flight !== undefined) wasAbandoned = true;
    if (backoff.leftMs() > 0) return undefined;

    const waitMs = isWithin(failedAt, FAILING_MS) ? WAIT_FOR_FAILING_MS : timeoutMs;
    const started = { startedAt: now(), waitMs, landed: load().then(land, crash) };
    flight = started;
    return started.landed;

    function land(keySet: KeySet): void {
      if (flight !== started) return;
      wasAbandoned = !isFlying();
      flight = undefined;
      problem = undefined;
      backoff.reset();
      // The whole set is replaced, which removes every key that the issuer has withdrawn.
      held = { keySet, loadedAt: started.startedAt };
      const dropped = describeDropped(keySet);
      observe({ kind: 'keys_loaded', issuerName, keys: keySet.keys.length, dropped });
    }

    function crash(error: unknown): void {
      if (flight !== started) return;
      wasAbandoned = !isFlying();
      flight = undefined;
      // A load that failed because it was frozen says nothing about the issuer.
      if (wasAbandoned) return;
      problem = describeProblem(error);
      failedAt = now();
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
      ...describeAge(),
    });
  }

  function describeAge(): { readonly keyAgeSeconds?: number } {
    if (held === undefined) return {};
    return { keyAgeSeconds: Math.max(0, Math.floor((now() - held.loadedAt) / 1000)) };
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

  /** False for a time in the future too, so that a clock set back blocks nothing. */
  function isWithin(since: number, lengthMs: number): boolean {
    const elapsedMs = now() - since;
    return elapsedMs >= 0 && elapsedMs < lengthMs;
  }

  return { find, warm };
}

/** Waits for the work, which never rejects, or for the time to pass. */
async function waitAtMost(work: Promise<void>, timeoutMs: number): Promise<void> {
  await withinDeadline(work, timeoutMs, () => new Error('not in time')).catch(() => {});
}

/** Makes keys that the config itself contains: read once, and replaced only with the config. */
export function createInlineKeys(
  options: Pick<IssuerKeysOptions, 'issuerName' | 'load' | 'observe'>,
): IssuerKeys {
  const { issuerName, load, observe } = options;
  let reading: Promise<KeySet> | undefined;

  async function read(): Promise<KeySet> {
    try {
      const keySet = await load();
      const dropped = describeDropped(keySet);
      observe({ kind: 'keys_loaded', issuerName, keys: keySet.keys.length, dropped });
      return keySet;
    } catch (error) {
      observe({ kind: 'key_refresh_failed', issuerName, problem: describeProblem(error) });
      return EMPTY_KEY_SET;
    }
  }

  async function find(wanted: WantedKey): Promise<FoundKey> {
    reading ??= read();
    const key = findKey(await reading, wanted);
    if (key === undefined) throw unknown(issuerName, wanted, {});
    return key;
  }

  async function warm(): Promise<void> {
    reading ??= read();
    await reading;
  }

  return { find, warm };
}

/** The refusal, with what the token's header asks for. */
function unknown(
  issuerName: string,
  { algorithm, keyId }: WantedKey,
  age: { readonly keyAgeSeconds?: number },
) {
  const header = { alg: algorithm, ...(keyId === undefined ? {} : { kid: keyId }) };
  const unverified = describeHeader(header, ['alg', 'kid']);
  return refuse({ reason: 'key_unknown', issuerName, unverified, ...age });
}
