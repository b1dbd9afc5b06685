import { describe, expect, it } from 'vitest';
import { createOutageGate } from '../../src/store/outage-gate.ts';
import { StoreUnavailable } from '../../src/store/store.ts';

const works = async () => 'answer';
const fails = async (): Promise<string> => {
  throw Object.assign(new Error('connect to canary'), { code: 'ECONNREFUSED' });
};

function arrange(random = 1) {
  const clock = { nowMs: 1_000_000 };
  const events: string[] = [];
  const calls = { count: 0 };
  const gate = createOutageGate({
    timeoutMs: 20,
    now: () => clock.nowMs,
    random: () => random,
    onFailure: (problem, failures) => events.push(`${failures} ${problem}`),
    onRecovery: () => events.push('recovered'),
  });
  const run = (operation: () => Promise<string>) =>
    gate
      .run(() => {
        calls.count++;
        return operation();
      })
      .catch((error: unknown) => {
        if (error instanceof StoreUnavailable) return `${error.problem} ${error.retryAfterMs}`;
        throw error;
      });
  return { clock, events, calls, run };
}

describe('the gate in front of a store', () => {
  it('is open while the store answers', async () => {
    const { run, events } = arrange();

    expect(await run(works)).toBe('answer');
    expect(await run(works)).toBe('answer');
    expect(events).toEqual([]);
  });

  it('closes after each failure for twice as long, up to 30 s', async () => {
    const { clock, run, calls } = arrange();
    const pausesMs: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      const [, pause] = (await run(fails)).split(' ');
      pausesMs.push(Number(pause));
      clock.nowMs += Number(pause) - 1;
      expect(await run(works)).toBe('the store has just failed 1');
      clock.nowMs += 1;
    }

    expect(pausesMs).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(calls.count).toBe(7);
  });

  it('pauses for a random part, from half to all, of the full pause', async () => {
    expect(await arrange(0).run(fails)).toBe('ECONNREFUSED 500');
    expect(await arrange(0.5).run(fails)).toBe('ECONNREFUSED 750');
  });

  it('opens with the first answer, after which pauses start short again', async () => {
    const { clock, run, events } = arrange();
    await run(fails);
    clock.nowMs += 1000;
    await run(fails);
    clock.nowMs += 2000;

    expect(await run(works)).toBe('answer');
    expect(await run(works)).toBe('answer');
    expect(await run(fails)).toBe('ECONNREFUSED 1000');
    expect(events).toEqual(['1 ECONNREFUSED', '2 ECONNREFUSED', 'recovered', '1 ECONNREFUSED']);
  });

  it('lets one request at a time try during an outage', async () => {
    const { clock, run, calls } = arrange();
    await run(fails);
    clock.nowMs += 1000;
    const outcomes = await Promise.all([run(works), run(works), run(works)]);

    expect(outcomes).toEqual([
      'answer',
      'the store has just failed 0',
      'the store has just failed 0',
    ]);
    expect(calls.count).toBe(2);
  });

  it('counts many requests that fail together as one failure', async () => {
    const { run, events } = arrange();
    await Promise.all(Array.from({ length: 20 }, () => run(fails)));

    expect(events).toEqual(['1 ECONNREFUSED']);
  });

  it('waits no longer than its deadline', async () => {
    const { run } = arrange();

    expect(await run(() => new Promise(() => {}))).toBe('no answer in 20 ms 1000');
  });

  it('opens when the clock is set back', async () => {
    const { clock, run } = arrange();
    await run(fails);
    clock.nowMs -= 3_600_000;

    expect(await run(works)).toBe('answer');
  });

  it.each([
    ['a code', Object.assign(new Error('canary'), { code: 'ENOTFOUND' }), 'ENOTFOUND'],
    [
      'the first word of a Redis error',
      new Error('NOAUTH Authentication required canary'),
      'NOAUTH',
    ],
    ['a lost connection', new Error('Connection is closed.'), 'connection lost'],
    ['a name', new TypeError('canary'), 'TypeError'],
    ['a name, if the message only starts with a capital', new Error('Canary message'), 'Error'],
    ['nothing of a value that is not an error', 'canary', 'unknown error'],
  ])('reports %s and nothing else of an error', async (_what, error, problem) => {
    const { run, events } = arrange();
    await run(() => Promise.reject(error));

    expect(events).toEqual([`1 ${problem}`]);
  });
});
