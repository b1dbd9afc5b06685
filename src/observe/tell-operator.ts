/** Reports events to the operator on standard error, with a limit for each topic. */
import { createBoundedMap } from '../lib/bounded-map.ts';
import { withoutControls } from '../lib/without-controls.ts';
import { describeEvent, type Repeat } from './describe-event.ts';
import type { Observe } from './event.ts';

const MINUTE_MS = 60_000;
/** Further lines about a topic are left out for the rest of the minute, unless it is without limit. */
const MAX_LINES_A_MINUTE = 6;
/** There are few topics: issuers, sources, warnings. */
const MAX_TOPICS = 1000;

/** What was reported about one topic. Its minute starts with its first line. */
interface Reported {
  readonly sinceMs: number;
  readonly lines: number;
  readonly last: string;
  /** Lines that were left out since the last reported line. */
  readonly leftOut: number;
}

/** Makes the observer. It never throws. Texts quote configs and issuers: a terminal must obey nothing in them. */
export function createTellOperator(options: {
  readonly tell: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): Observe {
  const { tell, now } = options;
  const reportedOn = createBoundedMap<Reported>(MAX_TOPICS);

  return function tellOperator(event) {
    const { topic, text: described, repeat } = describeEvent(event);
    const text = described.split('\n').map(withoutControls).join('\n');
    const nowMs = now();
    const reported = reportedOn.get(topic);
    const recent =
      reported !== undefined && isWithinMinute(nowMs - reported.sinceMs) ? reported : undefined;
    if (reported !== undefined && !isDue({ text, repeat, reported, recent })) {
      reportedOn.set(topic, { ...reported, leftOut: reported.leftOut + 1 });
      return;
    }
    const lines = (recent?.lines ?? 0) + 1;
    reportedOn.set(topic, { sinceMs: recent?.sinceMs ?? nowMs, lines, last: text, leftOut: 0 });
    tryToTell(tell, `${text}${describeLeftOut(reported?.leftOut ?? 0, lines, repeat)}`);
  };
}

function isWithinMinute(elapsedMs: number): boolean {
  return elapsedMs >= 0 && elapsedMs < MINUTE_MS;
}

function isDue(line: {
  readonly text: string;
  readonly repeat: Repeat;
  readonly reported: Reported;
  readonly recent: Reported | undefined;
}): boolean {
  const { text, repeat, reported, recent } = line;
  if (repeat === 'without_limit') return true;
  if (recent !== undefined && recent.lines >= MAX_LINES_A_MINUTE) return false;
  if (repeat === 'always' || text !== reported.last) return true;
  return repeat === 'each_minute' && recent === undefined;
}

function describeLeftOut(leftOut: number, lines: number, repeat: Repeat): string {
  const before = leftOut === 0 ? '' : ` (${leftOut} more lines about this were left out)`;
  const after =
    lines < MAX_LINES_A_MINUTE || repeat === 'without_limit'
      ? ''
      : ' (further lines about this are left out for a minute)';
  return `${before}${after}`;
}

function tryToTell(tell: (line: string) => void, line: string): void {
  try {
    tell(line);
  } catch {
    // a closed standard error must not disturb the code that reports the event
  }
}
