import { describe, expect, it, vi } from 'vitest';
import { createAuditSink } from '../../src/audit/sink.ts';
import { tellInto } from '../support/observe.ts';

/** A sink with a clock, whose turns the test ends and whose texts it writes or fails one by one. */
function arrange() {
  const clock = { nowMs: 0 };
  const afterTurn: (() => void)[] = [];
  const told: string[] = [];
  const handed: {
    readonly text: string;
    readonly finish: () => void;
    readonly fail: (error?: Error) => void;
  }[] = [];
  const write = createAuditSink({
    afterTurn: (work) => void afterTurn.push(work),
    now: () => clock.nowMs,
    observe: tellInto(told, () => clock.nowMs),
    write: (text) =>
      new Promise((resolve, reject) => {
        handed.push({
          text,
          finish: resolve,
          fail: (error = new Error('broken')) => reject(error),
        });
      }),
  });
  const endTurn = () => {
    for (const work of afterTurn.splice(0)) work();
  };
  return { clock, told, handed, write, endTurn };
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
    const { handed, write, endTurn } = arrange();
    const seen = watch(write('line\n'));
    await Promise.resolve();
    expect([seen.outcome, handed]).toEqual(['waiting', []]);

    endTurn();
    await Promise.resolve();
    expect([seen.outcome, handed[0]?.text]).toEqual(['waiting', 'line\n']);

    handed[0]?.finish();
    await expect.poll(() => seen.outcome).toBe('written');
  });

  it('rejects if the line cannot be written', async () => {
    const { handed, write, endTurn } = arrange();
    const seen = watch(write('line\n'));
    endTurn();
    handed[0]?.fail();

    await expect.poll(() => seen.outcome).toBe('lost');
  });

  it('rejects if the write throws, and accepts the next line', async () => {
    const texts: string[] = [];
    const write = createAuditSink({
      afterTurn: setImmediate,
      now: () => 0,
      observe: () => {},
      write: (text) => {
        if (texts.push(text) === 1) throw new Error('broken');
        return Promise.resolve();
      },
    });

    await expect(write('first\n')).rejects.toThrow('broken');
    await expect(write('second\n')).resolves.toBeUndefined();
    expect(texts).toEqual(['first\n', 'second\n']);
  });

  it('writes the lines of one turn at once, in their order, and those of the next turn after them', async () => {
    const { handed, write, endTurn } = arrange();
    const first = ['1\n', '2\n', '3\n'].map((line) => watch(write(line)));
    endTurn();
    const second = ['4\n', '5\n'].map((line) => watch(write(line)));
    endTurn();
    expect(handed.map(({ text }) => text)).toEqual(['1\n2\n3\n', '4\n5\n']);

    handed[0]?.finish();
    await expect.poll(() => first.map(({ outcome }) => outcome)).toEqual(Array(3).fill('written'));
    expect(second.map(({ outcome }) => outcome)).toEqual(['waiting', 'waiting']);
  });

  it('loses every line of a write that fails, and writes none of them again', async () => {
    const { told, handed, write, endTurn } = arrange();
    const failed = ['1\n', '2\n', '3\n'].map((line) => watch(write(line)));
    endTurn();
    handed[0]?.fail();
    await expect.poll(() => failed.map(({ outcome }) => outcome)).toEqual(Array(3).fill('lost'));
    const next = ['4\n', '5\n'].map((line) => watch(write(line)));
    endTurn();
    handed[1]?.finish();
    await expect.poll(() => next.map(({ outcome }) => outcome)).toEqual(Array(2).fill('written'));

    expect(handed.map(({ text }) => text)).toEqual(['1\n2\n3\n', '4\n5\n']);
    expect(told).toEqual([
      'the audit log cannot be written (a write failed): no credential is handed out; check what reads standard output, and whether its disk is full',
      'the audit log is written again: 3 lines were lost',
    ]);
  });

  it('gives up a line that is not written in time', () =>
    withFakeTimers(async () => {
      const { handed, write, endTurn } = arrange();
      const seen = watch(write('line\n'));
      endTurn();

      await vi.advanceTimersByTimeAsync(1999);
      expect(seen.outcome).toBe('waiting');
      await vi.advanceTimersByTimeAsync(1);
      expect(seen.outcome).toBe('lost');
      handed[0]?.fail();
      await vi.advanceTimersByTimeAsync(0);
    }));

  it('refuses further lines while one is overdue, and accepts lines again once it is written', () =>
    withFakeTimers(async () => {
      const { clock, told, handed, write, endTurn } = arrange();
      watch(write('first\n'));
      endTurn();
      clock.nowMs = 2000;
      await vi.advanceTimersByTimeAsync(2000);
      const refused = [watch(write('second\n')), watch(write('third\n'))];
      endTurn();
      await vi.advanceTimersByTimeAsync(0);
      expect(refused.map(({ outcome }) => outcome)).toEqual(['lost', 'lost']);
      expect(handed).toHaveLength(1);

      handed[0]?.finish();
      await vi.advanceTimersByTimeAsync(0);
      const next = watch(write('fourth\n'));
      endTurn();
      handed[1]?.finish();
      await vi.advanceTimersByTimeAsync(0);

      expect([next.outcome, handed[1]?.text]).toEqual(['written', 'fourth\n']);
      expect(told).toEqual([
        'the audit log cannot be written (it is not read in time): no credential is handed out; check what reads standard output, and whether its disk is full',
        'the audit log is written again: 3 lines were lost',
      ]);
    }));

  it('says at once that it fails, once a minute as long as it does, and with the code of the system', () =>
    withFakeTimers(async () => {
      const { clock, told, handed, write, endTurn } = arrange();
      for (let second = 0; second < 130; second++) {
        watch(write('line\n'));
        endTurn();
        handed.at(-1)?.fail(Object.assign(new Error('write'), { code: 'ENOSPC' }));
        await vi.advanceTimersByTimeAsync(0);
        if (second === 0) expect(told).toHaveLength(1);
        clock.nowMs += 1000;
      }

      expect(told).toHaveLength(3);
      for (const line of told) expect(line).toContain('cannot be written (ENOSPC)');
    }));

  it('reports each loss once, and nothing while no line is lost', () =>
    withFakeTimers(async () => {
      const { told, handed, write, endTurn } = arrange();
      for (const end of ['finish', 'fail', 'finish', 'finish'] as const) {
        watch(write('line\n'));
        endTurn();
        handed.at(-1)?.[end]();
        await vi.advanceTimersByTimeAsync(0);
      }

      expect(told).toEqual([
        'the audit log cannot be written (a write failed): no credential is handed out; check what reads standard output, and whether its disk is full',
        'the audit log is written again: 1 line was lost',
      ]);
    }));

  it.each([
    ['in one turn', () => {}],
    ['in turns of their own', (endTurn: () => void) => endTurn()],
  ])('accepts no line once more than 1 MiB waits, recorded %s', (_when, between) =>
    withFakeTimers(async () => {
      const { handed, write, endTurn } = arrange();
      const big = watch(write('x'.repeat(1024 * 1024)));
      between(endTurn);
      const fits = watch(write('é'));
      between(endTurn);
      const beyond = watch(write('y'));
      endTurn();
      await vi.advanceTimersByTimeAsync(0);
      expect([big.outcome, fits.outcome, beyond.outcome]).toEqual(['waiting', 'waiting', 'lost']);

      handed[0]?.finish();
      await vi.advanceTimersByTimeAsync(0);
      watch(write('again'));
      endTurn();
      expect(handed.at(-1)?.text).toBe('again');
    }),
  );

  it('accepts further lines while the oldest waits for less than the deadline', () =>
    withFakeTimers(async () => {
      const { clock, handed, write, endTurn } = arrange();
      watch(write('first\n'));
      endTurn();
      clock.nowMs = 1999;
      watch(write('second\n'));
      endTurn();

      expect(handed).toHaveLength(2);
    }));
});
