/** Where audit lines go: with a deadline and a bounded backlog, so that a reader who has stopped reading stops no request. */
import { withinDeadline } from '../lib/within-deadline.ts';
import type { Observe } from '../observe/event.ts';

/** A line that is not taken by then counts as lost. */
const TIMEOUT_MS = 2000;
/** So much may wait to be taken. A line has at most some 8 KiB, most have 1 KiB. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Wraps a function that writes text and resolves once it is taken. The result rejects if it is not
 * taken in time, and at once while earlier text has been waiting for longer than that. Text that
 * was given up may still arrive; none is dropped on purpose once it has been handed to `write`.
 */
export function createAuditSink(options: {
  readonly write: (text: string) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Hears of lines that were lost, once lines are taken again. */
  readonly observe: Observe;
}): (text: string) => Promise<void> {
  const { write, now, observe } = options;
  /** When each text that is still waiting was handed over, oldest first. */
  const waiting = new Set<{ readonly sinceMs: number }>();
  let waitingBytes = 0;
  let lost = 0;

  function isBlocked(): boolean {
    const [oldest] = waiting;
    return oldest !== undefined && now() - oldest.sinceMs >= TIMEOUT_MS;
  }

  async function hand(text: string): Promise<void> {
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
    await withinDeadline(hand(text), TIMEOUT_MS, () => new Error('the audit log takes too long'));
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
