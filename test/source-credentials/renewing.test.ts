/** Renewal of source credentials, with a clock and a source that the test controls. */
import { describe, expect, it } from 'vitest';
import type { SourceCredentials } from '../../src/ports.ts';
import { RefusalError } from '../../src/refusal.ts';
import { LoadError } from '../../src/source-credentials/load-error.ts';
import { createRenewingCredentials } from '../../src/source-credentials/renewing.ts';
import { ignoreEvents } from '../support/observe.ts';

const START_MS = Date.parse('2026-11-23T12:00:00Z');
const MINUTE_MS = 60_000;

type Answer = SourceCredentials | LoadError | 'hang';

/** A source that answers as the test sets it, on a clock that only the test moves. */
function arrange(options: { readonly hasVersion?: boolean } = {}) {
  const state: { nowMs: number; answer: Answer; version: string } = {
    nowMs: START_MS,
    answer: 'hang',
    version: '1',
  };
  const held: ((answer: Answer) => void)[] = [];
  const timers: { readonly atMs: number; readonly ring: () => void }[] = [];
  let loads = 0;

  const give = (answer: Answer): SourceCredentials => {
    if (answer === 'hang') throw new Error('The source hangs.');
    if (answer instanceof LoadError) throw answer;
    return answer;
  };
  const provider = createRenewingCredentials({
    source: 'test',
    load: async () => {
      loads += 1;
      if (state.answer !== 'hang') return give(state.answer);
      return give(await new Promise<Answer>((resolve) => held.push(resolve)));
    },
    ...(options.hasVersion === true ? { readVersion: async () => state.version } : {}),
    now: () => state.nowMs,
    random: () => 0.5,
    observe: ignoreEvents,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        timers.push({ atMs: state.nowMs + delayMs, ring: () => resolve(undefined) });
        signal.addEventListener('abort', () => reject(signal.reason));
        if (delayMs < 1000) resolve(undefined); // between attempts
      }),
  });

  return {
    state,
    provider,
    loads: () => loads,
    /** Moves the clock; timers fire only if the process is not frozen. */
    async pass(durationMs: number, isFrozen = false) {
      state.nowMs += durationMs;
      if (!isFrozen) for (const { atMs, ring } of timers) if (atMs <= state.nowMs) ring();
      await settle();
    },
    async answerHeld(answer: Answer) {
      for (const resolve of held.splice(0)) resolve(answer);
      await settle();
    },
  };
}

/** Runs all pending work that waits for nothing external. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function session(id: string, lifeMs: number | undefined, nowMs = START_MS): SourceCredentials {
  const keys = { accessKeyId: `STS.${id}`, accessKeySecret: 'secret', securityToken: 'token' };
  return lifeMs === undefined ? keys : { ...keys, expiresAtMs: nowMs + lifeMs };
}

async function problemOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => 'it was not refused',
    (reason: unknown) => reason,
  );
  if (!(error instanceof RefusalError)) return String(error);
  const { refusal } = error;
  expect(refusal.reason).toBe('source_credentials_unavailable');
  return 'problem' in refusal ? refusal.problem : '';
}

const BROKEN = new LoadError('it is broken');

describe('loading', () => {
  it('asks the source once for simultaneous requests', async () => {
    const { provider, state, loads } = arrange();
    state.answer = session('a', 60 * MINUTE_MS);
    const given = await Promise.all(Array.from({ length: 50 }, () => provider.get()));

    expect(new Set(given).size).toBe(1);
    expect(loads()).toBe(1);
  });

  it('returns the same object while the credentials are the same', async () => {
    const { provider, state, pass, loads } = arrange();
    state.answer = session('a', 60 * MINUTE_MS);
    const first = await provider.get();
    await pass(45 * MINUTE_MS);
    state.answer = { ...session('a', 60 * MINUTE_MS) };
    await provider.get();
    await pass(0);

    expect(await provider.get()).toBe(first);
    expect(loads()).toBe(2);
  });

  it('retries at once if the failure is transient, and not otherwise', async () => {
    for (const [isTransient, attempts] of [
      [true, 3],
      [false, 1],
    ] as const) {
      const { provider, state, loads } = arrange();
      state.answer = new LoadError('it is broken', { isTransient });

      expect(await problemOf(provider.get())).toBe('test: it is broken');
      expect(loads()).toBe(attempts);
    }
  });

  it('gives up after its deadline', async () => {
    const { provider, pass } = arrange();
    const asked = problemOf(provider.get());
    await pass(9999);
    await pass(1);

    expect(await asked).toBe('test: no answer within 10000 ms');
  });

  it('shows only the code of an unexpected error', async () => {
    for (const [thrown, expected] of [
      [new Error('canary'), 'test: loading failed'],
      [
        Object.assign(new Error('canary'), { code: 'ECONNREFUSED' }),
        'test: loading failed (ECONNREFUSED)',
      ],
      [Object.assign(new Error('x'), { code: 'canary' }), 'test: loading failed'],
    ] as const) {
      const provider = createRenewingCredentials({
        source: 'test',
        load: () => Promise.reject(thrown),
        now: () => START_MS,
        random: () => 0,
        observe: ignoreEvents,
        sleep: (_delayMs, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
          }),
      });

      expect(await problemOf(provider.get())).toBe(expected);
    }
  });

  it.each([
    ['expired', session('a', 0), 'the source gave expired credentials'],
    [
      'a session without its token',
      { accessKeyId: 'STS.a', accessKeySecret: 's' },
      'needs its SecurityToken',
    ],
    [
      'a token with a RAM user',
      { ...session('a', 1), accessKeyId: 'LTAI' },
      'belongs to a RAM user',
    ],
    [
      'a line break at the end',
      { accessKeyId: 'LTAI', accessKeySecret: 'secret\n' },
      'white space',
    ],
    ['a placeholder', { accessKeyId: '<STS_ACCESS_KEY_ID>', accessKeySecret: 's' }, 'placeholder'],
  ])('refuses %s', async (_what, credentials, expected) => {
    const { provider, state } = arrange();
    state.answer = credentials;

    expect(await problemOf(provider.get())).toContain(expected);
  });
});

describe('failing', () => {
  it('does not ask again during the backoff, and doubles it up to 30 seconds', async () => {
    const { provider, state, pass, loads } = arrange();
    state.answer = BROKEN;
    const waitsMs: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      const before = loads();
      let waitMs = 0;
      while (loads() === before) {
        expect(await problemOf(provider.get())).toBe('test: it is broken');
        if (loads() === before) {
          await pass(250);
          waitMs += 250;
        }
      }
      waitsMs.push(waitMs);
    }

    expect(waitsMs).toEqual([0, 750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500]);
  });

  it('recovers by itself when the source does', async () => {
    const { provider, state, pass } = arrange();
    state.answer = BROKEN;
    await problemOf(provider.get());
    state.answer = session('a', 60 * MINUTE_MS);
    await pass(1000);

    expect((await provider.get()).accessKeyId).toBe('STS.a');
  });
});

describe('renewal before expiry', () => {
  it('runs in the background while requests get the held credentials', async () => {
    const { provider, state, pass, answerHeld, loads } = arrange();
    state.answer = session('a', 60 * MINUTE_MS);
    await provider.get();
    state.answer = 'hang';
    await pass(41 * MINUTE_MS);
    expect((await provider.get()).accessKeyId).toBe('STS.a');
    expect(loads()).toBe(1);

    await pass(2 * MINUTE_MS);
    const given = await Promise.all([provider.get(), provider.get()]);
    expect(given.map(({ accessKeyId }) => accessKeyId)).toEqual(['STS.a', 'STS.a']);
    expect(loads()).toBe(2);

    await answerHeld(session('b', 60 * MINUTE_MS, state.nowMs));
    expect((await provider.get()).accessKeyId).toBe('STS.b');
  });

  it.each([900, 3600, 36 * 3600])(
    'asks rarely for credentials of %i s that stay the same',
    async (life) => {
      const { provider, state, pass, loads } = arrange();
      state.answer = session('a', life * 1000);
      for (let second = 0; second < life - 1; second += life / 900) {
        await provider.get();
        await pass((life / 900) * 1000);
      }

      expect(loads()).toBeLessThan(15);
    },
  );

  it('uses credentials until they expire and no longer', async () => {
    const { provider, state, pass } = arrange();
    state.answer = session('a', 60 * MINUTE_MS);
    await provider.get();
    state.answer = BROKEN;
    await pass(60 * MINUTE_MS - 1);
    expect((await provider.get()).accessKeyId).toBe('STS.a');
    await pass(1);

    expect(await problemOf(provider.get())).toBe('test: it is broken');
  });

  it('reloads credentials without a known expiry regularly', async () => {
    const { provider, state, pass } = arrange();
    state.answer = session('a', undefined);
    await provider.get();
    state.answer = session('b', undefined);
    await pass(5 * MINUTE_MS);
    await provider.get();
    await pass(0);

    expect((await provider.get()).accessKeyId).toBe('STS.b');
  });

  it('notices a new version without making a request wait', async () => {
    const { provider, state, pass, loads } = arrange({ hasVersion: true });
    state.answer = session('a', undefined);
    await provider.get();
    await pass(1000 * MINUTE_MS);
    await provider.get();
    await pass(0);
    expect(loads()).toBe(1);

    state.version = '2';
    state.answer = session('b', undefined);
    expect((await provider.get()).accessKeyId).toBe('STS.a');
    await pass(0);
    expect((await provider.get()).accessKeyId).toBe('STS.b');
  });
});

describe('a process that was frozen', () => {
  it('does not wait for an older load or count its failure against the source', async () => {
    const { provider, state, pass, answerHeld } = arrange();
    state.answer = session('a', 60 * MINUTE_MS);
    await provider.get();
    state.answer = 'hang';
    await pass(50 * MINUTE_MS);
    await provider.get();
    await pass(180 * MINUTE_MS, true);

    state.answer = session('b', 60 * MINUTE_MS, state.nowMs);
    const thawed = provider.get();
    await answerHeld(new LoadError('the server cannot be reached'));
    expect((await thawed).accessKeyId).toBe('STS.b');
    expect((await provider.get()).accessKeyId).toBe('STS.b');
  });

  it('asks at once if its timers fire before the first request arrives', async () => {
    const { provider, state, pass, loads } = arrange();
    state.answer = session('a', 60 * MINUTE_MS);
    await provider.get();
    state.answer = 'hang';
    await pass(50 * MINUTE_MS);
    await provider.get();
    await pass(180 * MINUTE_MS, true);
    await pass(0);

    state.answer = session('b', 60 * MINUTE_MS, state.nowMs);
    expect((await provider.get()).accessKeyId).toBe('STS.b');
    expect(loads()).toBe(3);
  });

  it('does not replace newer credentials with those of an abandoned load', async () => {
    const { provider, state, pass, answerHeld } = arrange();
    const abandoned = provider.get();
    await pass(60 * MINUTE_MS, true);
    state.answer = session('new', 60 * MINUTE_MS, state.nowMs);
    await provider.get();
    await answerHeld(session('old', 120 * MINUTE_MS));

    expect((await abandoned).accessKeyId).toBe('STS.old');
    expect((await provider.get()).accessKeyId).toBe('STS.new');
  });
});

describe('renewal after an STS refusal', () => {
  it('happens once for all refused requests', async () => {
    const { provider, state, loads } = arrange();
    state.answer = session('a', 60 * MINUTE_MS);
    const refused = await provider.get();
    state.answer = session('b', 60 * MINUTE_MS);
    const renewed = await Promise.all(Array.from({ length: 20 }, () => provider.renew(refused)));
    const late = await provider.renew(refused);

    expect(new Set([...renewed, late].map(({ accessKeyId }) => accessKeyId))).toEqual(
      new Set(['STS.b']),
    );
    expect(loads()).toBe(2);
  });

  it('does not keep asking for credentials that stay the same', async () => {
    const { provider, state, pass, loads } = arrange();
    state.answer = session('a', 60 * MINUTE_MS);
    const refused = await provider.get();
    for (let request = 0; request < 20; request += 1) await provider.renew(refused);
    expect(loads()).toBe(2);

    await pass(1000);
    expect(await provider.renew(refused)).toBe(refused);
    expect(loads()).toBe(3);
  });

  it('does not ask a source that has just failed', async () => {
    const { provider, state, loads } = arrange();
    state.answer = session('a', 60 * MINUTE_MS);
    const refused = await provider.get();
    state.answer = BROKEN;
    for (let request = 0; request < 20; request += 1) {
      expect(await problemOf(provider.renew(refused))).toBe('test: it is broken');
    }

    expect(loads()).toBe(2);
  });
});
