import { describe, expect, it } from 'vitest';
import { createAssumeRoleLimit } from '../../src/limits/assume-role-limit.ts';
import type { AssumedRole, AssumeRoleRequest } from '../../src/ports.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { type CounterSettings, type Store, StoreUnavailable } from '../../src/store/store.ts';

const ROLE: AssumedRole = {
  accessKeyId: 'STS.id',
  accessKeySecret: 'secret',
  securityToken: 'token',
  expiration: '2027-01-15T08:15:00Z',
  expiresAtMs: 1_800_000_000_000,
  isCached: false,
};

const requestOf = (caller: string): AssumeRoleRequest => ({
  caller,
  roleArn: 'acs:ram::123456789012:role/oss-uploader',
  roleSessionName: 'name',
  durationSeconds: 900,
  policy: '{}',
});

function arrange(
  options: { settings?: { requests: number; windowSeconds: number }; add?: () => never } = {},
) {
  const counters: CounterSettings[] = [];
  const memory = createMemoryStore({ now: () => 1_800_000_000_000 });
  const store: Store = {
    ...memory,
    counter(settings) {
      counters.push(settings);
      const counter = memory.counter(settings);
      return { add: async (key) => options.add?.() ?? counter.add(key) };
    },
  };
  let calls = 0;
  const limited = createAssumeRoleLimit({
    assumeRole: async () => {
      calls++;
      return ROLE;
    },
    settings: options.settings,
    store,
  });
  const outcome = (caller: string) =>
    limited(requestOf(caller)).then(
      () => 'ok',
      (error: unknown) => Object(error).refusal ?? error,
    );
  return { outcome, counters, calls: () => calls };
}

describe('the limit of AssumeRole', () => {
  it('allows ten in ten seconds if the config sets none, for each caller', async () => {
    const { outcome, counters, calls } = arrange();
    for (let n = 0; n < 10; n++) expect(await outcome('a')).toBe('ok');

    expect(await outcome('a')).toMatchObject({
      reason: 'rate_limited',
      scope: 'assume_role',
      limit: 10,
      windowSeconds: 10,
    });
    expect(await outcome('b')).toBe('ok');
    expect(calls()).toBe(11);
    expect(counters).toEqual([{ name: 'assume_role', windowSeconds: 10 }]);
  });

  it('is what the config sets', async () => {
    const { outcome, counters } = arrange({ settings: { requests: 1, windowSeconds: 60 } });

    expect(await outcome('a')).toBe('ok');
    expect(await outcome('a')).toMatchObject({ reason: 'rate_limited', limit: 1 });
    expect(counters).toEqual([{ name: 'assume_role', windowSeconds: 60 }]);
  });

  it('refuses without asking STS if nothing can be counted', async () => {
    const { outcome, calls } = arrange({
      add: () => {
        throw new StoreUnavailable('the library cannot be loaded', 1500);
      },
    });

    expect(await outcome('a')).toEqual({
      reason: 'sts_unavailable',
      problem: 'the library cannot be loaded',
      retryAfterSeconds: 2,
    });
    expect(calls()).toBe(0);
  });

  it('passes a defect on', async () => {
    const defect = new TypeError('x');
    const { outcome } = arrange({
      add: () => {
        throw defect;
      },
    });

    expect(await outcome('a')).toBe(defect);
  });
});
