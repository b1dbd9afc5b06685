/** Protects requests from a failing store: a deadline, and pauses between attempts. */
import { createBackoff } from '../lib/backoff.ts';
import { systemErrorCode } from '../lib/system-error-code.ts';
import { withinDeadline } from '../lib/within-deadline.ts';
import { StoreUnavailable } from './store.ts';

export interface OutageGate {
  /** Throws StoreUnavailable for every error of the operation. */
  run<T>(operation: () => Promise<T>): Promise<T>;
}

export interface OutageGateOptions {
  readonly timeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. Spreads the attempts of many instances. */
  readonly random: () => number;
  /** Called for the first failure, and for every failed attempt during an outage. */
  readonly onFailure: (problem: string, failures: number) => void;
  readonly onRecovery: () => void;
}

/**
 * After a failure there is no attempt for 1 s. Then one request at a time tries, with pauses that
 * double up to 30 s. It uses no timer, since none runs in a frozen function.
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
        // many requests that fail together count as one failure
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
 * Returns a code like ECONNREFUSED, the first word of a Redis error (OOM, NOAUTH), or the name of the
 * error. The message may contain a command, and the first command contains the password.
 */
function describeStoreError(error: unknown): string {
  if (error instanceof DeadlineError) return error.message;
  if (!(error instanceof Error)) return 'unknown error';
  const code = systemErrorCode(error);
  if (code !== undefined) return code;
  // ioredis throws this for every pending command of a lost connection
  if (error.message === 'Connection is closed.') return 'connection lost';
  const [word] = /^[A-Z]{2,20}(?= )/.exec(error.message) ?? [];
  return word ?? error.name;
}

/** The store did not answer in time. */
class DeadlineError extends Error {}
