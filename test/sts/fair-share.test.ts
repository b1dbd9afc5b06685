import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OperationalEvent } from '../../src/observe/event.ts';
import type { AssumedRole } from '../../src/ports.ts';
import { type Refusal, RefusalError, refuse } from '../../src/refusal.ts';
import { createFairShare } from '../../src/sts/fair-share.ts';

const ROLE: AssumedRole = {
  accessKeyId: 'STS.id',
  accessKeySecret: 'secret',
  securityToken: 'token',
  expiration: '2026-11-24T01:00:00Z',
  expiresAtMs: Date.UTC(2026, 10, 24, 1),
  isCached: false,
};
const BUSY: Refusal = { reason: 'sts_throttled', retryAfterSeconds: 1 };
const DOWN: Refusal = { reason: 'sts_unavailable', problem: 'down', retryAfterSeconds: 1 };

interface Call {
  readonly caller: string;
  readonly succeed: () => void;
  readonly fail: (refusal: Refusal) => void;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A share of an STS that does as it is told, by its present mood or call by call. */
function arrange(mood: Refusal | 'well' | 'silent' = 'silent') {
  const sts = { mood, calls: [] as Call[] };
  const events: OperationalEvent[] = [];
  const assumeRole = createFairShare({
    maxWaitMs: 5000,
    now: Date.now,
    random: () => 0,
    observe: (event) => void events.push(event),
    assumeRole: ({ caller }) =>
      new Promise((resolve, reject) => {
        const call: Call = {
          caller,
          succeed: () => resolve(ROLE),
          fail: (refusal) => reject(refuse(refusal)),
        };
        sts.calls.push(call);
        if (sts.mood === 'well') call.succeed();
        else if (sts.mood !== 'silent') call.fail(sts.mood);
      }),
  });
  const ask = (caller: string) =>
    assumeRole({
      caller,
      roleArn: 'acs:ram::123456789012:role/oss-uploader',
      roleSessionName: 'somebody',
      durationSeconds: 900,
      policy: '{}',
    }).then(
      () => 'ok',
      (error: unknown) => {
        if (error instanceof RefusalError) return error.refusal;
        throw error;
      },
    );
  const askTimes = (times: number, caller: string) =>
    Array.from({ length: times }, () => ask(caller));
  const askers = () => sts.calls.map(({ caller }) => caller);
  return { sts, ask, askTimes, askers, events };
}

/** Lets promises settle without moving the clock. */
const settle = () => vi.advanceTimersByTimeAsync(0);

describe('the fair share of STS', () => {
  it('lets everybody ask at once while STS keeps up', async () => {
    const { sts, ask } = arrange();
    const answers = Array.from({ length: 60 }, (_, n) => ask(`caller-${n}`));
    expect(sts.calls).toHaveLength(60);

    for (const call of sts.calls) call.succeed();
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['ok']));
  });

  it('has at most ten calls of one caller in flight, and a hundred in all', () => {
    const { sts, ask, askTimes } = arrange();
    askTimes(30, 'greedy');
    expect(sts.calls).toHaveLength(10);

    for (let n = 0; n < 120; n++) void ask(`caller-${n}`);
    expect(sts.calls).toHaveLength(100);
  });

  it('refuses what one caller asks for beyond 50 that wait', async () => {
    const { ask, askTimes } = arrange();
    askTimes(60, 'greedy');

    expect(await ask('greedy')).toEqual({ reason: 'sts_share_used_up', retryAfterSeconds: 1 });
  });

  it('asks again for what STS throttled, after a second, callers in turns', async () => {
    const { sts, ask, askTimes, askers, events } = arrange(BUSY);
    const answers = [...askTimes(4, 'greedy'), ask('modest')];
    await settle();
    expect(events).toContainEqual({ kind: 'sts_throttled' });
    expect(events).toHaveLength(5);
    sts.mood = 'well';
    await vi.advanceTimersByTimeAsync(999);
    expect(sts.calls).toHaveLength(5);

    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all(answers)).toEqual(Array(5).fill('ok'));
    expect(askers().slice(5, 7)).toEqual(['greedy', 'modest']);
  });

  it('begins with five after a pause, and with one more for each success', async () => {
    const { sts, ask } = arrange(BUSY);
    for (let n = 0; n < 40; n++) void ask(`caller-${n}`);
    await settle();
    sts.mood = 'silent';
    await vi.advanceTimersByTimeAsync(1000);
    expect(sts.calls).toHaveLength(45);

    sts.calls[40]?.succeed();
    await settle();
    expect(sts.calls).toHaveLength(47);
  });

  it('refuses whoever cannot wait until the pause ends', async () => {
    const { sts, ask } = arrange({ ...BUSY, retryAfterSeconds: 6 });

    expect(await ask('a')).toEqual({ reason: 'sts_throttled', retryAfterSeconds: 6 });
    expect(await ask('b')).toEqual({ reason: 'sts_throttled', retryAfterSeconds: 6 });
    expect(sts.calls).toHaveLength(1);
  });

  it('refuses everybody at once after three pauses without a success, and tries with one', async () => {
    const { sts, ask } = arrange(BUSY);
    const first = [ask('a'), ask('b')];
    await vi.advanceTimersByTimeAsync(2000);
    expect(await Promise.all(first)).toMatchObject([BUSY, BUSY]);
    const calls = sts.calls.length;
    expect(await ask('c')).toMatchObject({ reason: 'sts_throttled' });
    expect(sts.calls).toHaveLength(calls);

    sts.mood = 'silent';
    await vi.advanceTimersByTimeAsync(1000);
    const later = [ask('d'), ask('e')];
    expect(sts.calls).toHaveLength(calls + 1);
    sts.mood = 'well';
    sts.calls.at(-1)?.succeed();
    expect(await Promise.all(later)).toEqual(['ok', 'ok']);
  });

  it('refuses whoever STS was too slow for', async () => {
    const { askTimes, sts } = arrange();
    const answers = askTimes(11, 'greedy');
    await vi.advanceTimersByTimeAsync(5000);

    expect(await answers[10]).toMatchObject({
      reason: 'sts_unavailable',
      problem: 'STS was too slow to get to this request within 5000 ms',
    });
    for (const call of sts.calls) call.succeed();
    await settle();
    expect(sts.calls).toHaveLength(10);
  });

  it('hands on every other refusal, and pauses for none', async () => {
    const { sts, ask } = arrange(DOWN);

    expect(await ask('a')).toEqual(DOWN);
    expect(await ask('a')).toEqual(DOWN);
    expect(sts.calls).toHaveLength(2);
  });

  it('does not wait for a timer that slept while the function was frozen', async () => {
    const { sts, ask } = arrange(BUSY);
    void ask('a');
    await settle();
    sts.mood = 'well';
    // the clock moves, and no timer runs
    vi.setSystemTime(Date.now() + 60_000);

    expect(await ask('b')).toBe('ok');
  });
});
