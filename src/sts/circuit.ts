/** A circuit breaker for STS: during an outage, requests are refused at once, except for occasional probes. */
import { createBackoff } from '../lib/backoff.ts';
import type { Observe } from '../observe/event.ts';
import type { AssumedRole, AssumeRole, AssumeRoleRequest } from '../ports.ts';
import { isOutage, type Outage, RefusalError, refuse } from '../refusal.ts';
import { spreadRetryAfterSeconds } from './retry-after.ts';

/** This many failures in a row open the circuit. A single failure may concern just one connection. */
const FAILURES_TO_OPEN = 5;
/** A probe that takes this much longer than the deadline of STS counts as frozen. */
const FROZEN_AFTER_MS = 1000;

/**
 * Adds a circuit breaker to an AssumeRole. Only failures which show that STS is unreachable open the
 * circuit. Refusals of one request and throttling never do, so no caller can block others.
 * `Retry-After` is randomised, so that callers that were refused together do not retry together.
 */
export function createStsCircuit(options: {
  readonly assumeRole: AssumeRole;
  /** The deadline of `assumeRole`. */
  readonly timeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly observe: Observe;
}): AssumeRole {
  const { assumeRole, timeoutMs, now, random, observe } = options;
  const backoff = createBackoff({ now, random });
  let failuresInRow = 0;
  /** The last failure of STS while the circuit is open. Undefined while it is closed. */
  let outage: Outage | undefined;
  let probe: { readonly startedAtMs: number } | undefined;

  function isProbing(): boolean {
    if (probe === undefined) return false;
    const elapsedMs = now() - probe.startedAtMs;
    return elapsedMs >= 0 && elapsedMs < timeoutMs + FROZEN_AFTER_MS;
  }

  function close(): void {
    if (outage !== undefined) observe({ kind: 'circuit_closed' });
    failuresInRow = 0;
    outage = undefined;
    backoff.reset();
  }

  function countFailure(failure: Outage, wasProbe: boolean): void {
    failuresInRow += 1;
    // an attempt that began before the circuit opened says nothing new
    if (outage !== undefined && !wasProbe) return;
    if (failuresInRow < FAILURES_TO_OPEN) return;
    if (outage === undefined) observe({ kind: 'circuit_opened', problem: failure.problem });
    outage = failure;
    backoff.fail();
  }

  function toRefusal(failure: Outage): RefusalError {
    const waitMs = Math.max(backoff.leftMs(), failure.retryAfterSeconds * 1000);
    return refuse({ ...failure, retryAfterSeconds: spreadRetryAfterSeconds(waitMs, random()) });
  }

  async function attempt(request: AssumeRoleRequest, wasProbe: boolean): Promise<AssumedRole> {
    try {
      const assumedRole = await assumeRole(request);
      close();
      return assumedRole;
    } catch (error) {
      const failure = asOutage(error);
      if (failure === undefined) {
        // STS answered, even if with a refusal or by throttling
        if (isAnswer(error)) close();
        throw error;
      }
      countFailure(failure, wasProbe);
      throw toRefusal(failure);
    }
  }

  return async function assumeRoleThroughCircuit(request) {
    if (outage === undefined) return attempt(request, false);
    if (isProbing() || backoff.leftMs() > 0) throw toRefusal(asNotAsked(outage));
    const ownProbe = { startedAtMs: now() };
    probe = ownProbe;
    try {
      return await attempt(request, true);
    } finally {
      if (probe === ownProbe) probe = undefined;
    }
  };
}

/** Tells the operator that no request was sent, so that nobody searches for one. */
function asNotAsked(outage: Outage): Outage {
  return { ...outage, problem: `${outage.problem}; STS was not asked again` };
}

function asOutage(error: unknown): Outage | undefined {
  return error instanceof RefusalError && isOutage(error.refusal) ? error.refusal : undefined;
}

function isAnswer(error: unknown): boolean {
  if (!(error instanceof RefusalError)) return false;
  const { reason } = error.refusal;
  return reason === 'sts_refused' || reason === 'sts_throttled';
}
