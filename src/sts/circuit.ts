/** A circuit towards STS: while STS cannot be reached, requests are refused at once, but for one now and then that tries. */
import { createBackoff } from '../lib/backoff.ts';
import type { Observe } from '../observe/event.ts';
import type { AssumedRole, AssumeRole, AssumeRoleRequest } from '../ports.ts';
import { isOutage, type Outage, RefusalError, refuse } from '../refusal.ts';
import { spreadRetryAfterSeconds } from './retry-after.ts';

/** So many failures in a row open the circuit; a single one may be that of one connection. */
const FAILURES_TO_OPEN = 5;
/** Beyond STS's own deadline an attempt has this much more, before it counts as frozen halfway. */
const FROZEN_AFTER_MS = 1000;

/**
 * Wraps an AssumeRole. Only what says that STS cannot be reached opens the circuit, never what it
 * says of one request nor that there are too many: no caller can shut others out. `Retry-After` is
 * spread, so that those who were refused together do not come back together.
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
  /** What STS failed with when the circuit opened; undefined while it is closed. */
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
    // what began before the circuit opened says nothing new
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
        // STS has answered, if only with a no or with "too many"
        if (isAnswer(error)) close();
        throw error;
      }
      countFailure(failure, wasProbe);
      throw toRefusal(failure);
    }
  }

  return async function assumeRoleThroughCircuit(request) {
    if (outage === undefined) return attempt(request, false);
    if (isProbing() || backoff.leftMs() > 0) throw toRefusal(withoutAsking(outage));
    const ownProbe = { startedAtMs: now() };
    probe = ownProbe;
    try {
      return await attempt(request, true);
    } finally {
      if (probe === ownProbe) probe = undefined;
    }
  };
}

/** For the operator, who would otherwise look for a request that was never made. */
function withoutAsking(outage: Outage): Outage {
  return { ...outage, problem: `${outage.problem}; not asked again so soon` };
}

function asOutage(error: unknown): Outage | undefined {
  return error instanceof RefusalError && isOutage(error.refusal) ? error.refusal : undefined;
}

function isAnswer(error: unknown): boolean {
  if (!(error instanceof RefusalError)) return false;
  const { reason } = error.refusal;
  return reason === 'sts_refused' || reason === 'sts_throttled';
}
