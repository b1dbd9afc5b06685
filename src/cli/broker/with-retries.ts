/** Repeats what fails for now, with growing pauses, until it succeeds or the time is up. */
import { createBackoff } from '../../lib/backoff.ts';
import { isTemporary } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';

/** A later request comes this much after `Retry-After` at most, so that callers do not come together. */
const SPREAD_MS = 1000;

/**
 * Returns the result of the first attempt that succeeds. Pauses as `createBackoff` does, and never
 * less than `Retry-After` says. Throws the last error when the next attempt would begin after
 * `timeoutMs`, and every other error at once.
 */
export async function withRetries<Result>(
  attempt: () => Promise<Result>,
  machine: Pick<Machine, 'now' | 'random' | 'sleep' | 'tell'>,
  timeoutMs: number,
): Promise<Result> {
  const { now, random, sleep, tell } = machine;
  const endMs = now() + timeoutMs;
  const backoff = createBackoff({ now, random });
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTemporary(error)) throw error;
      backoff.fail();
      const pauseMs = pauseAfter(backoff.leftMs(), error.retryAfterSeconds, random);
      if (now() + pauseMs > endMs) throw error;
      tell(`${error.message}\nThe next attempt is in ${Math.ceil(pauseMs / 1000)} s.`);
      await sleep(pauseMs);
    }
  }
}

/** Milliseconds: the longer of the backoff's pause and what the broker asked for, spread. */
export function pauseAfter(
  backoffMs: number,
  retryAfterSeconds: number | undefined,
  random: () => number,
): number {
  if (retryAfterSeconds === undefined) return backoffMs;
  return Math.max(backoffMs, retryAfterSeconds * 1000 + random() * SPREAD_MS);
}
