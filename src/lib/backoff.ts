/** Pauses between attempts at a failing operation: each twice as long as the last, with jitter. */

export interface Backoff {
  /** Failures in a row. */
  readonly failures: () => number;
  /** Milliseconds until the next attempt is due; 0 if it is due now. */
  readonly leftMs: () => number;
  /** Counts a failure and starts the next pause. */
  readonly fail: () => void;
  readonly reset: () => void;
}

const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/**
 * Pauses 1 s after the first failure, then twice as long each time, up to 30 s. Jitter shortens each
 * pause by up to half, so that instances do not retry together. It uses no timer: none runs in a
 * frozen function.
 */
export function createBackoff(options: {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}): Backoff {
  const { now, random } = options;
  let failures = 0;
  let pause = { sinceMs: 0, lengthMs: 0 };

  return {
    failures: () => failures,
    leftMs() {
      const elapsedMs = now() - pause.sinceMs;
      // a clock that was set back must not lengthen the pause
      return elapsedMs < 0 ? 0 : Math.max(0, pause.lengthMs - elapsedMs);
    },
    fail() {
      failures += 1;
      const fullMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
      pause = { sinceMs: now(), lengthMs: fullMs * (0.5 + random() / 2) };
    },
    reset() {
      failures = 0;
      pause = { sinceMs: 0, lengthMs: 0 };
    },
  };
}
