/** Writes the audit lines of one turn of the event loop at once, with a deadline and a bounded backlog. */
import { systemErrorCode } from '../lib/system-error-code.ts';
import { withinDeadline } from '../lib/within-deadline.ts';
import type { Observe } from '../observe/event.ts';

/** A line that is not written by then counts as lost. */
const TIMEOUT_MS = 2000;
/** Bound of the backlog. A line has at most 32 KiB; most have 1 KiB. */
const MAX_WAITING_BYTES = 1024 * 1024;

const TELL_EVERY_MS = 60_000;

/** Earlier text still waits for whoever reads the log. */
class OverdueError extends Error {
  override name = 'OverdueError';
}

/** The lines of one turn, which are written or lost together. */
interface Batch {
  text: string;
  bytes: number;
  /** Resolves once all lines are written. Rejects if they cannot be, or not in time. */
  readonly written: Promise<void>;
}

/**
 * Wraps `write`, which resolves once the text is written. Each line goes out in the one write of its
 * turn, in the order of the calls, and its result resolves after that write. The result rejects if
 * the write fails or takes too long, and at once while earlier text is overdue. Text that timed out
 * may still be written later: an accepted line is passed to `write` once, and never again.
 */
export function createAuditSink(options: {
  readonly write: (text: string) => Promise<void>;
  /** Runs the work once, after the callbacks of this turn, as `setImmediate` does. */
  readonly afterTurn: (work: () => void) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Receives each failure, and the number of lost lines once lines are written again. */
  readonly observe: Observe;
}): (line: string) => Promise<void> {
  const { write, afterTurn, now, observe } = options;
  /** When each waiting text was passed to `write`, oldest first. */
  const waiting = new Set<{ readonly sinceMs: number }>();
  /** Takes the lines of this turn. */
  let open: Batch | undefined;
  let waitingBytes = 0;
  let lost = 0;
  let toldAtMs = 0;

  function isBlocked(): boolean {
    const [oldest] = waiting;
    return oldest !== undefined && now() - oldest.sinceMs >= TIMEOUT_MS;
  }

  function openBatch(): Batch {
    const writing = new Promise<void>((resolve) => {
      afterTurn(() => {
        // lines that come from here on belong to the next write
        open = undefined;
        resolve(writeBatch(batch));
      });
    });
    const toError = () => new OverdueError('the audit log takes too long');
    const batch: Batch = {
      text: '',
      bytes: 0,
      written: withinDeadline(writing, TIMEOUT_MS, toError),
    };
    return batch;
  }

  async function writeBatch({ text, bytes }: Batch): Promise<void> {
    const entry = { sinceMs: now() };
    waiting.add(entry);
    try {
      await write(text);
    } finally {
      waiting.delete(entry);
      waitingBytes -= bytes;
    }
  }

  async function writeInTime(line: string): Promise<void> {
    if (isBlocked() || waitingBytes > MAX_WAITING_BYTES)
      throw new OverdueError('the audit log is blocked');
    const bytes = Buffer.byteLength(line);
    open ??= openBatch();
    open.text += line;
    open.bytes += bytes;
    waitingBytes += bytes;
    await open.written;
  }

  /** At once, and then each minute while it lasts. */
  function tellOfFailure(error: unknown): void {
    const elapsedMs = now() - toldAtMs;
    if (lost > 1 && elapsedMs >= 0 && elapsedMs < TELL_EVERY_MS) return;
    toldAtMs = now();
    const problem =
      error instanceof OverdueError ? 'it is not read in time' : systemErrorCode(error);
    observe({ kind: 'audit_failed', problem: problem ?? 'a write failed' });
  }

  return async function writeOrCount(line) {
    try {
      await writeInTime(line);
    } catch (error) {
      lost += 1;
      tellOfFailure(error);
      throw error;
    }
    if (lost === 0) return;
    observe({ kind: 'audit_lines_lost', lines: lost });
    lost = 0;
  };
}
