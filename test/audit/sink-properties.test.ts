/** The audit sink, whatever the order of lines, turns, finished writes, failed writes and time. */
import { expect, it } from 'vitest';
import { createAuditSink } from '../../src/audit/sink.ts';
import { fc } from '../support/seeded.ts';

type Step =
  | { readonly kind: 'record'; readonly bytes: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'endTurn' | 'finish' | 'fail' | 'settle' };

const KINDS = ['endTurn', 'finish', 'fail', 'settle'] as const;
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('record' as const), bytes: fc.nat(9) }) },
    // so long that a few of them fill the backlog
    { weight: 1, arbitrary: fc.constant({ kind: 'record' as const, bytes: 400_000 }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(2500) }) },
    { weight: 8, arbitrary: fc.constantFrom(...KINDS).map((kind) => ({ kind })) },
  ),
  { maxLength: 60 },
);

interface Recorded {
  readonly line: string;
  outcome: 'waiting' | 'granted' | 'refused';
}

/** Lets every promise that can settle do so. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A sink, an output that takes one write after the other, and what became of each line. */
function arrange() {
  const clock = { nowMs: 0 };
  const afterTurn: (() => void)[] = [];
  const pending: { readonly text: string; readonly end: (error?: Error) => void }[] = [];
  const recorded: Recorded[] = [];
  const seen = { output: '', handed: '', writes: 0, turns: 0, lost: 0 };
  const write = createAuditSink({
    afterTurn: (work) => void afterTurn.push(work),
    now: () => clock.nowMs,
    observe: (event) => {
      if (event.kind === 'audit_lines_lost') seen.lost += event.lines;
    },
    write: (text) => {
      seen.writes += 1;
      seen.handed += text;
      return new Promise<void>((resolve, reject) => {
        pending.push({ text, end: (error) => (error === undefined ? resolve() : reject(error)) });
      });
    },
  });

  return {
    seen,
    recorded,
    record(bytes: number) {
      const line = `${recorded.length}${'x'.repeat(bytes)}\n`;
      const entry: Recorded = { line, outcome: 'waiting' };
      recorded.push(entry);
      write(line).then(
        () => {
          // whatever is granted is out already
          expect(seen.output.split('\n')).toContain(line.trimEnd());
          entry.outcome = 'granted';
        },
        () => {
          entry.outcome = 'refused';
        },
      );
    },
    endTurn() {
      if (afterTurn.length > 0) seen.turns += 1;
      for (const work of afterTurn.splice(0)) work();
    },
    finish() {
      const next = pending.shift();
      seen.output += next?.text ?? '';
      next?.end();
    },
    fail: () => pending.shift()?.end(new Error('broken')),
    wait(ms: number) {
      clock.nowMs += ms;
    },
  };
}

type Arranged = ReturnType<typeof arrange>;

async function take(step: Step, sink: Arranged): Promise<void> {
  if (step.kind === 'record') sink.record(step.bytes);
  else if (step.kind === 'wait') sink.wait(step.ms);
  else if (step.kind === 'settle') await settle();
  else sink[step.kind]();
}

/** Ends the turn, and writes all that waits. */
async function drain(sink: Arranged): Promise<void> {
  sink.endTurn();
  for (let left = sink.seen.writes; left > 0; left--) sink.finish();
  await settle();
}

it('grants only lines that are in the output exactly once and in order, and loses none unsaid', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const sink = arrange();
      for (const step of taken) await take(step, sink);
      await drain(sink);
      const written = sink.seen.output.split('\n').slice(0, -1);
      const handed = sink.seen.handed.split('\n').slice(0, -1);
      const linesOf = (outcome: Recorded['outcome']) =>
        sink.recorded
          .filter((entry) => entry.outcome === outcome)
          .map(({ line }) => line.trimEnd());

      // nothing waits for ever, and what is refused is not in the output
      expect(linesOf('waiting')).toEqual([]);
      expect(written).toEqual(linesOf('granted'));
      // in the order of their numbers, and none twice, whatever failed
      const numbers = handed.map((line) => Number.parseInt(line, 10));
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      // one write for each turn with lines
      expect(sink.seen.writes).toBe(sink.seen.turns);

      // a line that is written tells of all that were lost
      sink.record(0);
      await drain(sink);
      expect(sink.recorded.at(-1)?.outcome).toBe('granted');
      expect(sink.seen.lost).toBe(linesOf('refused').length);
    }),
  );
});
