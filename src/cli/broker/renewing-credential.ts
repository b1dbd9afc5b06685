/** Holds a credential and replaces it ahead of time, for as long as a process runs. */
import { createBackoff } from '../../lib/backoff.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import type { Credential } from './credential.ts';
import { pauseAfter } from './with-retries.ts';

/** A credential with less left is not handed out: the request that it signs takes time too. */
const LEAST_LIFE_MS = 5000;
/** The broker is asked no more often, whatever `RefreshAfter` says. */
const LEAST_PAUSE_MS = 5000;
/** Timers stand still while a machine sleeps, so the clock is looked at this often. */
const LOOK_EVERY_MS = 15_000;
/** Renewals are spread over this share of the time from `RefreshAfter` to `Expiration`. */
const SPREAD_SHARE = 0.2;

export interface RenewingCredential {
  /**
   * The credential in use while it is valid. Otherwise waits for the next one, or throws the CliError
   * of the last attempt until the next is due.
   */
  readonly get: () => Promise<Credential>;
  /** Renews until the signal is aborted. Never rejects. */
  readonly keep: (signal: AbortSignal) => Promise<void>;
}

export function createRenewingCredential(
  ask: () => Promise<Credential>,
  first: Credential,
  machine: Pick<Machine, 'now' | 'random' | 'sleep' | 'tell'>,
): RenewingCredential {
  const { now, random, sleep, tell } = machine;
  const backoff = createBackoff({ now, random });
  let held = first;
  let dueMs = dueTime(first);
  let asking: Promise<Credential> | undefined;
  let failure: CliError | undefined;

  function dueTime({ refreshAfterMs, expiresAtMs }: Credential): number {
    const spreadMs = Math.max(0, expiresAtMs - refreshAfterMs) * SPREAD_SHARE * random();
    return Math.max(refreshAfterMs + spreadMs, now() + LEAST_PAUSE_MS);
  }

  const isValid = () => held.expiresAtMs - now() > LEAST_LIFE_MS;
  // a clock that was set back by more than a refresh is old must not stop the renewal
  const isDue = () => now() >= dueMs;

  /** One request at a time, for all who wait. */
  function renew(): Promise<Credential> {
    asking ??= renewOnce().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  async function renewOnce(): Promise<Credential> {
    try {
      held = await ask();
      dueMs = dueTime(held);
      backoff.reset();
      if (failure !== undefined) tell('The credential is renewed again.');
      failure = undefined;
      return held;
    } catch (error) {
      backoff.fail();
      const known = error instanceof CliError ? error : undefined;
      dueMs = now() + pauseAfter(backoff.leftMs(), known?.retryAfterSeconds, random);
      const problem = known ?? new CliError(EXIT.failed, 'The credential cannot be renewed.');
      if (failure?.message.split('\n')[0] !== problem.message.split('\n')[0]) tell(problem.message);
      failure = problem;
      throw problem;
    }
  }

  return {
    async get() {
      if (isValid()) {
        // after a sleep, the request that wakes the machine should not wait for the timer
        if (isDue()) renew().catch(() => {});
        return held;
      }
      if (failure !== undefined && asking === undefined && !isDue()) throw failure;
      return renew();
    },
    async keep(signal) {
      while (!signal.aborted) {
        await sleep(Math.min(LOOK_EVERY_MS, Math.max(0, dueMs - now())), signal);
        if (!signal.aborted && isDue()) await renew().catch(() => {});
      }
    },
  };
}
