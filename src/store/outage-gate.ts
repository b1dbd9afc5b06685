/** Keeps a store that does not answer from holding up requests: a deadline, and pauses between attempts. */
import { createBackoff } from '../lib/backoff.ts';
import { systemErrorCode } from '../lib/system-error-code.ts';
import { withinDeadline } from '../lib/within-deadline.ts';
import { StoreUnavailable } from './store.ts';

export interface OutageGate {
  /** Throws StoreUnavailable, whatever the operation throws. */
  run<T>(operation: () => Promise<T>): Promise<T>;
}

export interface OutageGateOptions {
  readonly timeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1, so that many instances do not come back at once. */
  readonly random: () => number;
  /** Told of the first failure, and again when an attempt during an outage fails. */
  readonly onFailure: (problem: string, failures: number) => void;
  readonly onRecovery: () => void;
}

/**
 * After a failure nothing is tried for 1 s, then by one request at a time, with pauses that double
 * up to 30 s. All by the clock and as part of a request, since no timer runs in a frozen function.
 */
export function createOutageGate(options: OutageGateOptions): OutageGate {
  const { timeoutMs, now, random, onFailure, onRecovery } = options;
  const backoff = createBackoff({ now, random });
  const toDeadlineError = () => new DeadlineError(`no answer in ${timeoutMs} ms`);
  let isTrying = false;

  function recover(): void {
    if (backoff.failures() === 0) return;
    backoff.reset();
    onRecovery();
  }

  return {
    async run(operation) {
      const failuresBefore = backoff.failures();
      const isOutage = failuresBefore > 0;
      if (isOutage && (isTrying || backoff.leftMs() > 0)) {
        throw new StoreUnavailable('the store has just failed', backoff.leftMs());
      }
      isTrying = isOutage;
      try {
        const result = await withinDeadline(operation(), timeoutMs, toDeadlineError);
        recover();
        return result;
      } catch (error) {
        const problem = describeStoreError(error);
        // of many requests that fail together only the first counts
        if (backoff.failures() === failuresBefore) {
          backoff.fail();
          onFailure(problem, backoff.failures());
        }
        throw new StoreUnavailable(problem, backoff.leftMs());
      } finally {
        if (isOutage) isTrying = false;
      }
    },
  };
}

/**
 * A code like ECONNREFUSED, the first word of what Redis says (OOM, NOAUTH), or the error's name.
 * Never its message: that may hold a command, and the first command holds the password.
 */
function describeStoreError(error: unknown): string {
  if (error instanceof DeadlineError) return error.message;
  if (!(error instanceof Error)) return 'unknown error';
  const code = systemErrorCode(error);
  if (code !== undefined) return code;
  // what ioredis says to all that waited when a connection is lost
  if (error.message === 'Connection is closed.') return 'connection lost';
  const [word] = /^[A-Z]{2,20}(?= )/.exec(error.message) ?? [];
  return word ?? error.name;
}

/** The store did not answer in time. */
class DeadlineError extends Error {}
