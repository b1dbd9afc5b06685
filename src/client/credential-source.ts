/** Holds a credential of the broker and renews it before it ends, with one request for all callers. */
import { BrokerError } from './broker-error.ts';
import type { Credential, CredentialSource } from './credential.ts';
import { createExchange, type ExchangeOptions, TIMEOUT_MS } from './exchange.ts';

export interface CredentialSourceOptions extends ExchangeOptions {
  /** Spreads retries, from 0 to 1. */
  readonly random?: (() => number) | undefined;
}

const FIRST_PAUSE_MS = 1000;
/** Also the longest pause that a caller without a credential waits for. */
const MAX_PAUSE_MS = 30_000;
const MAX_TRIES = 4;

/**
 * Makes a source for one caller. It starts no timer to refresh: what is due is decided by the clock at
 * each use, so a machine that slept finds out at once.
 *
 * @throws TypeError for an address that would send the subject token in plain text.
 */
export function createCredentialSource(options: CredentialSourceOptions): CredentialSource {
  const { now = Date.now, random = Math.random } = options;
  const exchange = createExchange(options);
  let held: Credential | undefined;
  /** The request on its way, who waits for it, and what ends it. */
  let flight: Promise<Credential> | undefined;
  let waiters = 0;
  let abort = new AbortController();
  let failure: unknown;
  let isTransient = false;
  let retryAfter = 0;
  let failures = 0;
  let retryAtMs = 0;
  let seenMs = 0;

  /** Milliseconds of the credential that are left; not positive if there is none to use. */
  const leftMs = () => (held ? +held.expiration - now() - held.clockOffsetMs : 0);

  return {
    async get({ signal } = {}) {
      signal?.throwIfAborted();
      // after the clock was set back, the times of the credential are doubted
      if (held && now() < seenMs - FIRST_PAUSE_MS) {
        held = { ...held, refreshAfter: new Date(0) };
        retryAtMs = 0;
      }
      seenMs = now();
      const left = leftMs();
      if (held && left > 0) {
        const spareMs = +held.expiration - +held.refreshAfter;
        if (left > spareMs) return held;
        if (seenMs >= retryAtMs) flight ??= start();
        // in the first half of the spare time nobody waits for the request
        if (!flight || left > spareMs / 2) return held;
      }
      flight ??= start();
      try {
        return await join(flight, signal);
      } catch (error) {
        if (!held || signal?.aborted || leftMs() <= 0) throw error;
        // a request that never ends is a failure too
        if (error !== failure) fail(error);
        return held;
      }
    },
  };

  function start(): Promise<Credential> {
    abort = new AbortController();
    waiters = 0;
    const started = ask(abort.signal).finally(() => {
      if (flight === started) flight = undefined;
    });
    // nobody may be waiting
    started.catch(() => {});
    return started;
  }

  /** Waits for the request; with a credential at hand, not for longer than one request may take. */
  function join(joined: Promise<Credential>, signal = abort.signal): Promise<Credential> {
    const end = AbortSignal.any(
      leftMs() > 0 ? [signal, AbortSignal.timeout(TIMEOUT_MS)] : [signal],
    );
    waiters += 1;
    return new Promise((resolve, reject) => {
      joined.then(resolve, reject);
      end.onabort = () => {
        reject(end.reason);
        if (flight !== joined) return;
        waiters -= 1;
        if (waiters > 0) return;
        flight = undefined;
        abort.abort();
      };
    });
  }

  /** Tries until there is a credential or a reason to stop. It does not wait if the held credential is still valid. */
  async function ask(signal: AbortSignal): Promise<Credential> {
    for (let tries = 0; ; tries += 1) {
      const pauseMs = retryAtMs - now();
      if (pauseMs > 0 && isTransient) {
        if (leftMs() > 0 || pauseMs > MAX_PAUSE_MS || tries === MAX_TRIES) throw failure;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      try {
        signal.throwIfAborted();
        held = await exchange(signal);
        failures = 0;
        retryAtMs = 0;
        return held;
      } catch (error) {
        signal.throwIfAborted();
        fail(error);
        if (!isTransient) throw error;
      }
    }
  }

  /** Until `retryAtMs`, only a request that needs a new subject token is sent. */
  function fail(error: unknown): void {
    failure = error;
    // what getSubjectToken throws says nothing of a later request
    ({ isTransient, retryAfter } =
      error instanceof BrokerError ? error : { isTransient: false, retryAfter: 0 });
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * (0.5 + random() / 2);
    failures += 1;
    // spread, so that callers with the same Retry-After do not return together
    retryAtMs = now() + Math.max(pauseMs, (retryAfter + random()) * 1000);
  }
}
