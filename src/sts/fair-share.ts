/** Shares what STS allows between callers: while it is short, each waits for its turn. */
import type { Observe } from '../observe/event.ts';
import type { AssumedRole, AssumeRole, AssumeRoleRequest } from '../ports.ts';
import { RefusalError, refuse } from '../refusal.ts';
import { spreadRetryAfterSeconds } from './retry-after.ts';
import { createThrottle } from './throttle.ts';
import { createTurnQueue } from './turn-queue.ts';

/** The most calls of one caller in flight: a tenth of all. */
const MAX_IN_FLIGHT_OF_CALLER = 10;

/** One request that waits for its turn, or has it. */
interface Turn {
  readonly request: AssumeRoleRequest;
  readonly endsAtMs: number;
  readonly resolve: (role: AssumedRole) => void;
  readonly reject: (error: unknown) => void;
  timer?: NodeJS.Timeout;
}

/**
 * Wraps an AssumeRole. A request begins at once as long as STS keeps up. Otherwise it waits, for at
 * most `maxWaitMs`, and callers take turns: one with many requests delays its own. What STS
 * throttled waits for another turn. Throws `sts_share_used_up` if too many of the caller wait,
 * `sts_throttled` if STS throttles for too long, and `sts_unavailable` if it is too slow.
 */
export function createFairShare(options: {
  readonly assumeRole: AssumeRole;
  readonly maxWaitMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly observe: Observe;
}): AssumeRole {
  const { assumeRole, maxWaitMs, now, random, observe } = options;
  const throttle = createThrottle({ now, random });
  const queue = createTurnQueue<Turn>();
  const inFlightOf = new Map<string, number>();
  let inFlight = 0;

  function startWhatMay(): void {
    while (inFlight < throttle.maxInFlight()) {
      const turn = queue.take((caller) => countOf(caller) < MAX_IN_FLIGHT_OF_CALLER);
      if (turn === undefined) return;
      clearTimeout(turn.timer);
      void fly(turn);
    }
  }

  async function fly(turn: Turn): Promise<void> {
    const { caller } = turn.request;
    const pace = throttle.pace();
    inFlight += 1;
    inFlightOf.set(caller, countOf(caller) + 1);
    try {
      const role = await assumeRole(turn.request);
      throttle.speedUp();
      turn.resolve(role);
    } catch (error) {
      const waitMs = throttledForMs(error);
      if (waitMs === undefined) {
        if (isAnswer(error)) throttle.speedUp();
        turn.reject(error);
      } else {
        observe({ kind: 'sts_throttled' });
        throttle.slowDown(pace, waitMs, startWhatMay);
        waitAgain(turn);
      }
    } finally {
      inFlight -= 1;
      const left = countOf(caller) - 1;
      if (left === 0) inFlightOf.delete(caller);
      else inFlightOf.set(caller, left);
    }
    startWhatMay();
  }

  function countOf(caller: string): number {
    return inFlightOf.get(caller) ?? 0;
  }

  function waitAgain(turn: Turn): void {
    if (throttle.isShut()) for (const waiting of queue.removeAll()) sendAway(waiting);
    if (isWorthWaiting(turn)) {
      queue.putBack(turn.request.caller, turn);
      limitWait(turn);
    } else {
      sendAway(turn);
    }
  }

  function isWorthWaiting({ endsAtMs }: Turn): boolean {
    return !throttle.isShut() && now() + throttle.leftMs() < endsAtMs;
  }

  function limitWait(turn: Turn): void {
    turn.timer = setTimeout(
      () => {
        queue.remove(turn.request.caller, turn);
        sendAway(turn);
      },
      Math.max(0, turn.endsAtMs - now()),
    );
  }

  function sendAway(turn: Turn): void {
    clearTimeout(turn.timer);
    turn.reject(refuseTurn());
  }

  function refuseTurn(): RefusalError {
    const leftMs = throttle.leftMs();
    const retryAfterSeconds = spreadRetryAfterSeconds(Math.max(1000, leftMs), random());
    if (leftMs > 0) return refuse({ reason: 'sts_throttled', retryAfterSeconds });
    const problem = `STS was too slow to get to this request within ${maxWaitMs} ms`;
    return refuse({ reason: 'sts_unavailable', problem, retryAfterSeconds });
  }

  return function assumeRoleInTurn(request) {
    return new Promise((resolve, reject) => {
      const turn: Turn = { request, endsAtMs: now() + maxWaitMs, resolve, reject };
      if (!isWorthWaiting(turn)) {
        sendAway(turn);
      } else if (queue.add(request.caller, turn)) {
        limitWait(turn);
        startWhatMay();
      } else {
        const retryAfterSeconds = spreadRetryAfterSeconds(1000, random());
        reject(refuse({ reason: 'sts_share_used_up', retryAfterSeconds }));
      }
    });
  };
}

/** How long STS wants the caller to wait; undefined if it does not throttle. */
function throttledForMs(error: unknown): number | undefined {
  if (!(error instanceof RefusalError) || error.refusal.reason !== 'sts_throttled')
    return undefined;
  return error.refusal.retryAfterSeconds * 1000;
}

function isAnswer(error: unknown): boolean {
  return error instanceof RefusalError && error.refusal.reason === 'sts_refused';
}
