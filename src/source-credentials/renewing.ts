/** Keeps source credentials fresh: one load in flight, renewal before expiry, and no use after it. */
import { isSameKey } from '../lib/is-same-key.ts';
import type { Observe } from '../observe/event.ts';
import type { SourceCredentials, SourceCredentialsProvider } from '../ports.ts';
import { type RefusalError, refuse } from '../refusal.ts';
import { findCredentialProblem } from './credential-problem.ts';
import { LoadError, toLoadError } from './load-error.ts';
import { type Sleep, withinTime } from './within-time.ts';

/** The limit for one load with all its attempts. */
export const LOAD_TIMEOUT_MS = 10_000;
const MAX_ATTEMPTS = 3;
const ATTEMPT_DELAY_MS = 200;
const MIN_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 30_000;
/** Credentials without a known expiry are reloaded after this time. */
const RELOAD_UNKNOWN_MS = 300_000;
/** Renewal is due after this share of the remaining lifetime, plus a random part of the second share. */
const RENEW_AFTER_SHARE = 0.6;
const RENEW_JITTER_SHARE = 0.2;

/** Loads from the source once. Throws a LoadError; anything else is reported as "loading failed". */
export type LoadCredentials = (signal: AbortSignal) => Promise<SourceCredentials>;

export interface RenewingOptions {
  /** The name of the source in problems, e.g. `ecs_ram_role`. */
  readonly source: string;
  readonly load: LoadCredentials;
  /** Cheap to read, and changes whenever the credentials change, e.g. a file's time. */
  readonly readVersion?: () => Promise<string>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly observe: Observe;
}

interface Held {
  readonly credentials: SourceCredentials;
  readonly renewAtMs: number;
  readonly version: string | undefined;
}

interface Flight {
  readonly startedAtMs: number;
  readonly outcome: Promise<SourceCredentials>;
}

/**
 * Wraps a source of credentials. Requests drive it, because no timer runs in a frozen function.
 * While the held credentials are valid, no request waits: the load runs in the background.
 */
export function createRenewingCredentials(options: RenewingOptions): SourceCredentialsProvider {
  const { source, load, readVersion, now, random, sleep, observe } = options;
  let held: Held | undefined;
  let flight: Flight | undefined;
  let versionCheck: Promise<void> | undefined;
  let failures = 0;
  let lastProblem = '';
  /** The end of the backoff after a failed load. */
  let loadNotBeforeMs = 0;
  let vainRenewals = 0;
  /** The end of the backoff after a renewal that returned the same credentials. */
  let renewNotBeforeMs = 0;

  function isValid({ expiresAtMs }: SourceCredentials): boolean {
    return expiresAtMs === undefined || now() < expiresAtMs;
  }

  function backoffMs(times: number): number {
    const longest = Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** Math.min(times - 1, 10));
    return longest * (0.5 + random() / 2);
  }

  function renewAtMs({ expiresAtMs }: SourceCredentials): number {
    if (expiresAtMs === undefined && readVersion !== undefined) return Number.POSITIVE_INFINITY;
    const lifeMs = expiresAtMs === undefined ? RELOAD_UNKNOWN_MS : expiresAtMs - now();
    const delayMs = lifeMs * (RENEW_AFTER_SHARE + RENEW_JITTER_SHARE * random());
    // a minimum, so that a source that keeps returning the same credentials is not asked all the time
    return now() + Math.max(delayMs, MIN_BACKOFF_MS);
  }

  /** A load that outlived its limit was frozen with the instance: its timers and sockets are dead. */
  function isFrozen({ startedAtMs }: Flight): boolean {
    return now() - startedAtMs > LOAD_TIMEOUT_MS * 1.5;
  }

  function fly(): Promise<SourceCredentials> {
    if (flight !== undefined && !isFrozen(flight)) return flight.outcome;
    const mine: Flight = { startedAtMs: now(), outcome: loadOnce(() => flight === mine) };
    flight = mine;
    const land = () => {
      if (flight === mine) flight = undefined;
    };
    mine.outcome.then(land, land);
    return mine.outcome;
  }

  async function loadOnce(isCurrent: () => boolean): Promise<SourceCredentials> {
    const startedAtMs = now();
    try {
      const loaded = await loadWithinDeadline();
      return isCurrent() ? keep(loaded.credentials, loaded.version) : loaded.credentials;
    } catch (error) {
      const { problem } = toLoadError(error);
      if (isCurrent() && now() - startedAtMs <= LOAD_TIMEOUT_MS * 1.5) {
        failures += 1;
        loadNotBeforeMs = now() + backoffMs(failures);
        lastProblem = problem;
        // reported while the held credentials are still valid, so that the operator can act in time
        observe({ kind: 'source_credentials_failed', source, problem: `${source}: ${problem}` });
      }
      throw unavailable(problem);
    }
  }

  function loadWithinDeadline() {
    const toError = () => new LoadError(`no answer within ${LOAD_TIMEOUT_MS} ms`);
    return withinTime(loadWithAttempts, { timeoutMs: LOAD_TIMEOUT_MS, sleep, toError });
  }

  async function loadWithAttempts(signal: AbortSignal) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        // read before the credentials, so that a change in between is noticed next time
        const version = await readVersion?.().catch(() => undefined);
        const credentials = await load(signal);
        return { credentials: requireUsable(credentials), version };
      } catch (error) {
        const failure = toLoadError(error);
        if (!failure.isTransient || attempt === MAX_ATTEMPTS || signal.aborted) throw failure;
        await sleep(ATTEMPT_DELAY_MS * attempt * (0.5 + random()), signal);
      }
    }
  }

  function requireUsable(credentials: SourceCredentials): SourceCredentials {
    const problem = findCredentialProblem(credentials);
    if (problem !== undefined) throw new LoadError(problem);
    if (!isValid(credentials)) throw new LoadError('the source gave expired credentials');
    return credentials;
  }

  function keep(loaded: SourceCredentials, version: string | undefined): SourceCredentials {
    failures = 0;
    loadNotBeforeMs = 0;
    const before = held?.credentials;
    const isSame = before !== undefined && isSameKey(before, loaded);
    if (!isSame) {
      vainRenewals = 0;
      renewNotBeforeMs = 0;
    }
    const credentials = isSame && before.expiresAtMs === loaded.expiresAtMs ? before : loaded;
    held = { credentials, version, renewAtMs: renewAtMs(credentials) };
    return credentials;
  }

  /** Starts a load or a version check if one is due, without waiting for it. */
  function startWhatIsDue({ renewAtMs, version }: Held): void {
    if (now() < loadNotBeforeMs) return;
    if (now() >= renewAtMs) {
      fly().catch(() => undefined); // the next request tries again, after the backoff
    } else if (readVersion !== undefined && versionCheck === undefined && flight === undefined) {
      versionCheck = readVersion()
        .then((found) => (found === version ? undefined : fly()))
        .catch(() => undefined) // a file that is being replaced is missing for a moment
        .then(() => {
          versionCheck = undefined;
        });
    }
  }

  async function get(): Promise<SourceCredentials> {
    if (held !== undefined && isValid(held.credentials)) {
      startWhatIsDue(held);
      return held.credentials;
    }
    if (now() < loadNotBeforeMs) throw unavailable(lastProblem);
    return fly();
  }

  async function renew(refused: SourceCredentials): Promise<SourceCredentials> {
    // another request has renewed them already
    if (held === undefined || !isSameKey(held.credentials, refused)) return get();
    if (now() < renewNotBeforeMs) return held.credentials;
    if (now() < loadNotBeforeMs) throw unavailable(lastProblem);
    const renewed = await fly();
    if (isSameKey(renewed, refused) && now() >= renewNotBeforeMs) {
      vainRenewals += 1;
      renewNotBeforeMs = now() + backoffMs(vainRenewals);
    }
    return renewed;
  }

  function unavailable(problem: string): RefusalError {
    return refuse({
      reason: 'source_credentials_unavailable',
      problem: `${source}: ${problem}`,
    });
  }

  return { get, renew };
}
