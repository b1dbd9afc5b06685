/** Tells the operator of events on standard error: one line each, and no flood. */
import { createBoundedMap } from '../lib/bounded-map.ts';
import { describeEvent, type Repeat } from './describe-event.ts';
import type { Observe } from './event.ts';

const MINUTE_MS = 60_000;
/** A subject that changes more often than this within a minute is not followed any further. */
const MAX_LINES_A_MINUTE = 6;
/** Subjects are few: issuers, sources, warnings. */
const MAX_SUBJECTS = 1000;

/** What was told of one subject in the minute that its first line opened. */
interface Told {
  readonly sinceMs: number;
  readonly lines: number;
  readonly last: string;
  /** Lines that were left out since the last one that was told. */
  readonly leftOut: number;
}

/** Makes the observer. It never throws. */
export function createTellOperator(options: {
  readonly tell: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): Observe {
  const { tell, now } = options;
  const toldOf = createBoundedMap<Told>(MAX_SUBJECTS);

  return function tellOperator(event) {
    const { subject, text, repeat } = describeEvent(event);
    const nowMs = now();
    const told = toldOf.get(subject);
    const recent = told !== undefined && isWithinMinute(nowMs - told.sinceMs) ? told : undefined;
    if (told !== undefined && !isDue({ text, repeat, told, recent })) {
      toldOf.set(subject, { ...told, leftOut: told.leftOut + 1 });
      return;
    }
    const lines = (recent?.lines ?? 0) + 1;
    toldOf.set(subject, { sinceMs: recent?.sinceMs ?? nowMs, lines, last: text, leftOut: 0 });
    tryToTell(tell, `${text}${describeLeftOut(told?.leftOut ?? 0, lines)}`);
  };
}

function isWithinMinute(elapsedMs: number): boolean {
  return elapsedMs >= 0 && elapsedMs < MINUTE_MS;
}

function isDue(line: {
  readonly text: string;
  readonly repeat: Repeat;
  readonly told: Told;
  readonly recent: Told | undefined;
}): boolean {
  const { text, repeat, told, recent } = line;
  if (recent !== undefined && recent.lines >= MAX_LINES_A_MINUTE) return false;
  if (repeat === 'always' || text !== told.last) return true;
  return repeat === 'each_minute' && recent === undefined;
}

function describeLeftOut(leftOut: number, lines: number): string {
  const before = leftOut === 0 ? '' : ` (${leftOut} more of these were left out)`;
  const after = lines < MAX_LINES_A_MINUTE ? '' : ' (the next ones are left out for a minute)';
  return `${before}${after}`;
}

function tryToTell(tell: (line: string) => void, line: string): void {
  try {
    tell(line);
  } catch {
    // a standard error that cannot be written to must not disturb what is observed
  }
}
