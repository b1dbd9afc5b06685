import { describe, expect, it, vi } from 'vitest';
import { createAuditSink } from '../../src/audit/sink.ts';
import { tellInto } from '../support/observe.ts';

/** A sink with a clock, whose texts the test writes or fails one by one. */
function arrange() {
  const clock = { nowMs: 0 };
  const told: string[] = [];
  const handed: {
    readonly text: string;
    readonly finish: () => void;
    readonly fail: () => void;
  }[] = [];
  const write = createAuditSink({
    now: () => clock.nowMs,
    observe: tellInto(told, () => clock.nowMs),
    write: (text) =>
      new Promise((resolve, reject) => {
        handed.push({ text, finish: resolve, fail: () => reject(new Error('broken')) });
      }),
  });
  return { clock, told, handed, write };
}

/** Tracks whether a line was written, was lost, or still waits. */
function watch(writing: Promise<void>) {
  const seen = { outcome: 'waiting' };
  writing.then(
    () => {
      seen.outcome = 'written';
    },
    () => {
      seen.outcome = 'lost';
    },
  );
  return seen;
}

async function withFakeTimers(run: () => Promise<void>) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await run();
  } finally {
    vi.useRealTimers();
  }
}

describe('the audit sink', () => {
  it('resolves once the line is written, and not before', async () => {
    const { handed, write } = arrange();
    const seen = watch(write('line\n'));
    await Promise.resolve();
    expect([seen.outcome, handed[0]?.text]).toEqual(['waiting', 'line\n']);

    handed[0]?.finish();
    await expect.poll(() => seen.outcome).toBe('written');
  });

  it('rejects if the line cannot be written', async () => {
    const { handed, write } = arrange();
    const seen = watch(write('line\n'));
    handed[0]?.fail();

    await expect.poll(() => seen.outcome).toBe('lost');
  });

  it('gives up a line that is not written in time', () =>
    withFakeTimers(async () => {
      const { handed, write } = arrange();
      const seen = watch(write('line\n'));

      await vi.advanceTimersByTimeAsync(1999);
      expect(seen.outcome).toBe('waiting');
      await vi.advanceTimersByTimeAsync(1);
      expect(seen.outcome).toBe('lost');
      handed[0]?.fail();
      await vi.advanceTimersByTimeAsync(0);
    }));

  it('refuses further lines while one is overdue, and accepts lines again once it is written', () =>
    withFakeTimers(async () => {
      const { clock, told, handed, write } = arrange();
      watch(write('first\n'));
      clock.nowMs = 2000;
      await vi.advanceTimersByTimeAsync(2000);
      const refused = [watch(write('second\n')), watch(write('third\n'))];
      await vi.advanceTimersByTimeAsync(0);
      expect(refused.map(({ outcome }) => outcome)).toEqual(['lost', 'lost']);
      expect(handed).toHaveLength(1);

      handed[0]?.finish();
      await vi.advanceTimersByTimeAsync(0);
      const next = watch(write('fourth\n'));
      handed[1]?.finish();
      await vi.advanceTimersByTimeAsync(0);

      expect([next.outcome, handed[1]?.text]).toEqual(['written', 'fourth\n']);
      expect(told).toEqual([
        'the audit log could not be written: 3 lines were lost; check what reads standard output',
      ]);
    }));

  it('reports each loss once, and nothing while no line is lost', () =>
    withFakeTimers(async () => {
      const { told, handed, write } = arrange();
      for (const end of ['finish', 'fail', 'finish', 'finish'] as const) {
        watch(write('line\n'));
        handed.at(-1)?.[end]();
        await vi.advanceTimersByTimeAsync(0);
      }

      expect(told).toEqual([
        'the audit log could not be written: 1 line was lost; check what reads standard output',
      ]);
    }));

  it('accepts no line once more than 1 MiB waits', () =>
    withFakeTimers(async () => {
      const { handed, write } = arrange();
      const big = watch(write('x'.repeat(1024 * 1024)));
      const fits = watch(write('é'));
      const beyond = watch(write('y'));
      await vi.advanceTimersByTimeAsync(0);
      expect([big.outcome, fits.outcome, beyond.outcome]).toEqual(['waiting', 'waiting', 'lost']);

      handed[0]?.finish();
      await vi.advanceTimersByTimeAsync(0);
      watch(write('again'));
      expect(handed.at(-1)?.text).toBe('again');
    }));

  it('accepts further lines while the oldest waits for less than the deadline', () =>
    withFakeTimers(async () => {
      const { clock, handed, write } = arrange();
      watch(write('first\n'));
      clock.nowMs = 1999;
      watch(write('second\n'));

      expect(handed).toHaveLength(2);
    }));
});
