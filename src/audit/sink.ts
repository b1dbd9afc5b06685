/** Writes audit lines with a deadline and a bounded backlog, so that a stalled reader blocks no request. */
import { withinDeadline } from '../lib/within-deadline.ts';
import type { Observe } from '../observe/event.ts';

/** A line that is not written by then counts as lost. */
const TIMEOUT_MS = 2000;
/** Bound of the backlog. A line has at most 32 KiB; most have 1 KiB. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Wraps `write`, which resolves once the text is written. The result rejects if that takes too long,
 * and at once while earlier text is overdue. Text that timed out may still be written later: nothing
 * that was passed to `write` is dropped.
 */
export function createAuditSink(options: {
  readonly write: (text: string) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Receives the number of lost lines, once lines are written again. */
  readonly observe: Observe;
}): (text: string) => Promise<void> {
  const { write, now, observe } = options;
  /** When each waiting text was passed to `write`, oldest first. */
  const waiting = new Set<{ readonly sinceMs: number }>();
  let waitingBytes = 0;
  let lost = 0;

  function isBlocked(): boolean {
    const [oldest] = waiting;
    return oldest !== undefined && now() - oldest.sinceMs >= TIMEOUT_MS;
  }

  async function track(text: string): Promise<void> {
    const bytes = Buffer.byteLength(text);
    const entry = { sinceMs: now() };
    waiting.add(entry);
    waitingBytes += bytes;
    try {
      await write(text);
    } finally {
      waiting.delete(entry);
      waitingBytes -= bytes;
    }
  }

  async function writeInTime(text: string): Promise<void> {
    if (isBlocked() || waitingBytes > MAX_WAITING_BYTES)
      throw new Error('the audit log is blocked');
    await withinDeadline(track(text), TIMEOUT_MS, () => new Error('the audit log takes too long'));
  }

  return async function writeOrCount(text) {
    try {
      await writeInTime(text);
    } catch (error) {
      lost += 1;
      throw error;
    }
    if (lost === 0) return;
    observe({ kind: 'audit_lines_lost', lines: lost });
    lost = 0;
  };
}
