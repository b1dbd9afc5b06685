import { describe, expect, it } from 'vitest';
import type { OperationalEvent } from '../../src/observe/event.ts';
import type { AssumedRole, AssumeRoleRequest } from '../../src/ports.ts';
import { type Refusal, RefusalError, refuse } from '../../src/refusal.ts';
import { createStsCircuit } from '../../src/sts/circuit.ts';

const REQUEST: AssumeRoleRequest = {
  caller: 'somebody',
  roleArn: 'acs:ram::123456789012:role/oss-uploader',
  roleSessionName: 'somebody',
  durationSeconds: 900,
  policy: '{}',
};
const ROLE: AssumedRole = {
  accessKeyId: 'STS.id',
  accessKeySecret: 'secret',
  securityToken: 'token',
  expiration: '2026-11-24T01:00:00Z',
  expiresAtMs: Date.UTC(2026, 10, 24, 1),
  isCached: false,
};
const DOWN: Refusal = { reason: 'sts_unavailable', problem: 'down', retryAfterSeconds: 1 };
const BUSY: Refusal = { reason: 'sts_throttled', retryAfterSeconds: 1 };
const REFUSES: Refusal = { reason: 'sts_refused', stsCode: 'NoPermission', hint: 'allow it' };

type Call = { readonly succeed: () => void; readonly fail: (refusal: Refusal) => void };

/** A circuit in front of a simulated STS, which answers by its current mood or call by call. */
function arrange(options: { readonly mood?: Refusal | 'well' | 'silent'; random?: number } = {}) {
  const clock = { nowMs: Date.UTC(2026, 10, 24) };
  const sts = { mood: options.mood ?? DOWN, calls: [] as Call[] };
  const events: OperationalEvent[] = [];
  const assumeRole = createStsCircuit({
    timeoutMs: 5000,
    now: () => clock.nowMs,
    random: () => options.random ?? 0,
    observe: (event) => void events.push(event),
    assumeRole: () =>
      new Promise((resolve, reject) => {
        const call: Call = {
          succeed: () => resolve(ROLE),
          fail: (refusal) => reject(refuse(refusal)),
        };
        sts.calls.push(call);
        if (sts.mood === 'well') call.succeed();
        else if (sts.mood !== 'silent') call.fail(sts.mood);
      }),
  });
  const ask = () =>
    assumeRole(REQUEST).then(
      () => 'ok',
      (error: unknown) => {
        if (error instanceof RefusalError) return error.refusal;
        throw error;
      },
    );
  const askTimes = async (times: number) => {
    for (let count = 0; count < times; count++) await ask();
  };
  return { clock, sts, ask, askTimes, events };
}

function retryAfterOf(outcome: Refusal | string): number {
  if (typeof outcome === 'string' || !('retryAfterSeconds' in outcome)) return Number.NaN;
  return outcome.retryAfterSeconds;
}

describe('the circuit breaker for STS', () => {
  it('opens after five failures in a row', async () => {
    const { sts, ask, askTimes } = arrange();
    await askTimes(20);

    expect(sts.calls).toHaveLength(5);
    expect(await ask()).toMatchObject({ reason: 'sts_unavailable' });
  });

  it('never opens because STS throttles, which the demand of one caller can cause', async () => {
    const { sts, askTimes } = arrange({ mood: BUSY });
    await askTimes(20);

    expect(sts.calls).toHaveLength(20);
  });

  it('says in the refusal if STS was not asked', async () => {
    const { ask, askTimes } = arrange();
    await askTimes(4);
    expect(await ask()).toMatchObject({ problem: 'down' });
    expect(await ask()).toMatchObject({ problem: 'down; STS was not asked again' });
    expect(await ask()).toMatchObject({ problem: 'down; STS was not asked again' });
  });

  it('stays closed if failures alternate with successes', async () => {
    const { sts, ask, askTimes } = arrange();
    for (let round = 0; round < 5; round++) {
      sts.mood = DOWN;
      await askTimes(4);
      sts.mood = 'well';
      expect(await ask()).toBe('ok');
    }

    expect(sts.calls).toHaveLength(25);
  });

  it.each<Refusal>([
    REFUSES,
    { reason: 'source_credentials_unavailable', problem: 'none' },
    { reason: 'sts_answer_unusable', problem: 'status 200' },
  ])('is not opened by $reason, which one caller or the operator can cause', async (mood) => {
    const { sts, ask, askTimes } = arrange({ mood });
    await askTimes(20);

    expect(sts.calls).toHaveLength(20);
    expect(await ask()).toEqual(mood);
  });

  it('counts an STS refusal as a success', async () => {
    const { sts, askTimes } = arrange();
    await askTimes(4);
    sts.mood = REFUSES;
    await askTimes(1);
    sts.mood = DOWN;
    await askTimes(4);

    expect(sts.calls).toHaveLength(9);
  });

  it('does not count a failure before STS was asked as a success', async () => {
    const { sts, askTimes } = arrange();
    await askTimes(4);
    sts.mood = { reason: 'source_credentials_unavailable', problem: 'none' };
    await askTimes(1);
    sts.mood = DOWN;
    await askTimes(9);

    expect(sts.calls).toHaveLength(6);
  });

  it('sends one probe after a pause, and closes when it succeeds', async () => {
    const { clock, sts, ask, askTimes } = arrange();
    await askTimes(5);
    sts.mood = 'well';
    clock.nowMs += 499;
    expect(await ask()).toMatchObject({ reason: 'sts_unavailable' });

    clock.nowMs += 1;
    expect(await ask()).toBe('ok');
    expect(await ask()).toBe('ok');
    expect(sts.calls).toHaveLength(7);
  });

  it('starts counting failures again after it has closed', async () => {
    const { clock, sts, ask, askTimes } = arrange();
    await askTimes(5);
    sts.mood = 'well';
    clock.nowMs += 500;
    await ask();
    sts.mood = DOWN;
    await askTimes(20);

    expect(sts.calls).toHaveLength(11);
  });

  it('sends one probe at a time, and refuses other requests meanwhile', async () => {
    const { clock, sts, ask, askTimes } = arrange();
    await askTimes(5);
    sts.mood = 'silent';
    clock.nowMs += 500;
    const trying = ask();
    expect(await ask()).toMatchObject({ reason: 'sts_unavailable' });
    expect(sts.calls).toHaveLength(6);

    sts.calls[5]?.succeed();
    expect(await trying).toBe('ok');
  });

  it('doubles the pause after each failed probe, up to 30 seconds', async () => {
    const { clock, sts, ask, askTimes } = arrange({ random: 1 });
    await askTimes(5);
    const pauses: number[] = [];
    let pausedAtMs = clock.nowMs;
    for (let tries = 1; tries <= 7; ) {
      clock.nowMs += 500;
      const callsBefore = sts.calls.length;
      await ask();
      if (sts.calls.length === callsBefore) continue;
      pauses.push(clock.nowMs - pausedAtMs);
      pausedAtMs = clock.nowMs;
      tries += 1;
    }

    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it('does not lengthen the pause for many simultaneous failures', async () => {
    const { clock, sts, ask } = arrange({ mood: 'silent' });
    const storm = Array.from({ length: 100 }, ask);
    for (const call of sts.calls) call.fail(DOWN);
    await Promise.all(storm);
    sts.mood = 'well';
    clock.nowMs += 500;

    expect(await ask()).toBe('ok');
  });

  it('closes when a request that began before it opened succeeds', async () => {
    const { sts, ask, askTimes } = arrange({ mood: 'silent' });
    const early = ask();
    sts.mood = DOWN;
    await askTimes(6);
    sts.calls[0]?.succeed();
    await early;
    sts.mood = 'well';

    expect(await ask()).toBe('ok');
  });

  it('does not wait for a frozen probe', async () => {
    const { clock, sts, ask, askTimes } = arrange();
    await askTimes(5);
    sts.mood = 'silent';
    clock.nowMs += 500;
    const frozen = ask();
    sts.mood = 'well';
    clock.nowMs += 5999;
    expect(await ask()).toMatchObject({ reason: 'sts_unavailable' });

    clock.nowMs += 1;
    expect(await ask()).toBe('ok');
    sts.calls[5]?.fail(DOWN);
    await frozen;
    expect(await ask()).toBe('ok');
  });

  it('does not wait for a probe that seems to start in the future, as after the clock was set back', async () => {
    const { clock, sts, ask, askTimes } = arrange();
    await askTimes(5);
    sts.mood = 'silent';
    clock.nowMs += 500;
    void ask();
    sts.mood = 'well';
    clock.nowMs -= 60_000;

    expect(await ask()).toBe('ok');
  });

  it('lets callers wait at least as long as STS asks and the pause lasts', async () => {
    const { sts, ask, askTimes } = arrange({ mood: { ...DOWN, retryAfterSeconds: 7 }, random: 0 });
    expect(retryAfterOf(await ask())).toBe(7);

    sts.mood = DOWN;
    await askTimes(4);
    expect(retryAfterOf(await ask())).toBe(1);
  });

  it('spreads the retries over at least four more seconds', async () => {
    const { ask } = arrange({ random: 1 });

    expect(retryAfterOf(await ask())).toBe(5);
  });

  it('spreads the retries over as long as the wait if the wait is longer', async () => {
    const { ask } = arrange({ mood: { ...DOWN, retryAfterSeconds: 20 }, random: 0.5 });

    expect(retryAfterOf(await ask())).toBe(30);
  });
});
