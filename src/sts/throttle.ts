/** How fast the broker may ask STS: it pauses when STS throttles, and begins again with little. */
import { createBackoff } from '../lib/backoff.ts';

/**
 * STS allows 100 AssumeRole a second for an account, and answers well within a second.
 * https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-quota
 */
const MAX_IN_FLIGHT = 100;
/** The most calls in flight after a pause. Each success adds one. */
const IN_FLIGHT_AFTER_PAUSE = 5;
/** STS counts by the second. */
const PAUSE_MS = 1000;
/** After this many pauses in a row without a success, nobody waits for the next one. */
const PAUSES_TO_SHUT = 3;

export interface Throttle {
  /** How many calls may be in flight now; 0 during a pause. */
  readonly maxInFlight: () => number;
  /** Milliseconds until the pause ends; 0 without one. */
  readonly leftMs: () => number;
  /** True if STS has throttled all calls for so long that nobody should wait for it. */
  readonly isShut: () => boolean;
  /** Names the pace at which a call begins, for `slowDown`. */
  readonly pace: () => number;
  /** STS answered a call without throttling it. */
  readonly speedUp: () => void;
  /**
   * STS has throttled a call that began at this pace. Begins a pause of at least `waitMs`, once for
   * all calls of one pace. `onEnd` runs when the pause ends.
   */
  readonly slowDown: (pace: number, waitMs: number, onEnd: () => void) => void;
}

/** Makes a throttle at full speed. */
export function createThrottle(options: {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}): Throttle {
  const { now } = options;
  const backoff = createBackoff(options);
  let maxInFlight = MAX_IN_FLIGHT;
  let pace = 0;
  let pausesInRow = 0;
  let pause: { readonly sinceMs: number; readonly lengthMs: number } | undefined;

  function leftMs(): number {
    if (pause === undefined) return 0;
    const elapsedMs = now() - pause.sinceMs;
    // a clock that was set back must not lengthen the pause
    return elapsedMs < 0 ? 0 : Math.max(0, pause.lengthMs - elapsedMs);
  }

  return {
    maxInFlight: () => (leftMs() > 0 ? 0 : maxInFlight),
    leftMs,
    isShut: () => pausesInRow >= PAUSES_TO_SHUT && leftMs() > 0,
    pace: () => pace,
    speedUp() {
      pausesInRow = 0;
      backoff.reset();
      maxInFlight = Math.min(MAX_IN_FLIGHT, maxInFlight + 1);
    },
    slowDown(paceOfCall, waitMs, onEnd) {
      if (paceOfCall !== pace) return;
      pace += 1;
      pausesInRow += 1;
      const isShut = pausesInRow >= PAUSES_TO_SHUT;
      if (isShut) backoff.fail();
      maxInFlight = isShut ? 1 : IN_FLIGHT_AFTER_PAUSE;
      const begun = { sinceMs: now(), lengthMs: Math.max(PAUSE_MS, waitMs, backoff.leftMs()) };
      pause = begun;
      // the timer does not run in a frozen function; `leftMs` tells the end then
      const timer = setTimeout(() => {
        if (pause === begun) pause = undefined;
        onEnd();
      }, begun.lengthMs);
      timer.unref();
    },
  };
}
