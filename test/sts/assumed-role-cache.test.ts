import { describe, expect, it } from 'vitest';
import type { AssumedRole, AssumeRoleRequest } from '../../src/ports.ts';
import { refuse } from '../../src/refusal.ts';
import { createAssumedRoleCache } from '../../src/sts/assumed-role-cache.ts';

const REQUEST: AssumeRoleRequest = {
  caller: 'somebody',
  roleArn: 'acs:ram::123456789012:role/oss-uploader',
  roleSessionName: 'user-1-aaaa',
  durationSeconds: 1000,
  policy: '{"Version":"1","Statement":[]}',
  externalId: 'external',
};

/** A cache in front of a simulated STS with numbered answers. While `isHeld`, they wait for `letGo`. */
function arrange(maxEntries = 100) {
  const clock = { nowMs: 1_800_000_000_000 };
  const calls: AssumeRoleRequest[] = [];
  const sts = { isHeld: false, isDown: false };
  const waiting: (() => void)[] = [];
  const assumeRole = createAssumedRoleCache({
    now: () => clock.nowMs,
    maxEntries,
    async assumeRole(request): Promise<AssumedRole> {
      calls.push(request);
      const number = calls.length;
      if (sts.isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
      if (sts.isDown) {
        throw refuse({ reason: 'sts_unavailable', problem: 'down', retryAfterSeconds: 1 });
      }
      const expiresAtMs = clock.nowMs + request.durationSeconds * 1000;
      return {
        accessKeyId: `STS.${number}`,
        accessKeySecret: `secret-${number}`,
        securityToken: `token-${number}`,
        expiration: new Date(expiresAtMs).toISOString(),
        expiresAtMs,
        isCached: false,
      };
    },
  });
  const letGo = () => {
    sts.isHeld = false;
    for (const resolve of waiting.splice(0)) resolve();
  };
  const keyIdOf = async (request: Partial<AssumeRoleRequest> = {}) =>
    (await assumeRole({ ...REQUEST, ...request })).accessKeyId;
  return { assumeRole, keyIdOf, calls, clock, sts, letGo };
}

describe('an earlier answer', () => {
  it('is used again, marked as cached', async () => {
    const { assumeRole, calls } = arrange();
    const first = await assumeRole(REQUEST);
    const second = await assumeRole({ ...REQUEST });

    expect(calls).toEqual([REQUEST]);
    expect(first.isCached).toBe(false);
    expect(second).toEqual({ ...first, isCached: true });
  });

  it.each<[string, Partial<AssumeRoleRequest>]>([
    ['role', { roleArn: 'acs:ram::123456789012:role/oss-reader' }],
    ['role session name', { roleSessionName: 'user-2-bbbb' }],
    ['session policy', { policy: '{"Version":"1","Statement":[] }' }],
    ['external ID', { externalId: 'other' }],
  ])('is never used for another %s', async (_what, other) => {
    const { keyIdOf } = arrange();
    expect(await keyIdOf()).toBe('STS.1');
    expect(await keyIdOf(other)).toBe('STS.2');
    // both are cached now
    expect(await keyIdOf()).toBe('STS.1');
    expect(await keyIdOf(other)).toBe('STS.2');
  });

  it('is never used for a request without the external ID', async () => {
    const { keyIdOf, assumeRole } = arrange();
    await keyIdOf();
    const { externalId: _without, ...request } = REQUEST;
    expect((await assumeRole(request)).accessKeyId).toBe('STS.2');
  });

  it('is never used for inputs that are equal only when concatenated', async () => {
    const { keyIdOf } = arrange();
    const ids = [
      await keyIdOf({ roleArn: 'a', roleSessionName: 'bc', policy: 'd' }),
      await keyIdOf({ roleArn: 'ab', roleSessionName: 'c', policy: 'd' }),
      await keyIdOf({ roleArn: 'a', roleSessionName: 'b', policy: 'cd' }),
      await keyIdOf({ roleArn: 'a2:bc', roleSessionName: '', policy: 'd' }),
      await keyIdOf({ roleArn: 'a', roleSessionName: 'bc', policy: 'd8:external', externalId: '' }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is used while at least half of the wanted duration is left', async () => {
    const { keyIdOf, clock } = arrange();
    await keyIdOf();
    clock.nowMs += 500_000;
    expect(await keyIdOf()).toBe('STS.1');
    clock.nowMs += 1;
    expect(await keyIdOf()).toBe('STS.2');
    expect(await keyIdOf()).toBe('STS.2');
  });

  it('is not used if it has more than the wanted duration left', async () => {
    const { keyIdOf, clock } = arrange();
    await keyIdOf({ durationSeconds: 3600 });
    expect(await keyIdOf({ durationSeconds: 3599 })).toBe('STS.2');
    // the second answer has exactly the wanted duration left
    clock.nowMs += 599_000;
    expect(await keyIdOf({ durationSeconds: 3000 })).toBe('STS.2');
  });

  it('is not used if the wanted duration is more than twice as long', async () => {
    const { keyIdOf } = arrange();
    await keyIdOf({ durationSeconds: 900 });
    expect(await keyIdOf({ durationSeconds: 1801 })).toBe('STS.2');
  });

  it('is not used after it has expired', async () => {
    const { keyIdOf, clock } = arrange();
    await keyIdOf();
    clock.nowMs += 1_000_000;
    expect(await keyIdOf({ durationSeconds: 900 })).toBe('STS.2');
  });
});

describe('simultaneous requests', () => {
  it('share one call if all their inputs are equal', async () => {
    const { assumeRole, calls, sts, letGo } = arrange();
    sts.isHeld = true;
    const answers = Array.from({ length: 50 }, () => assumeRole({ ...REQUEST }));
    letGo();

    const got = await Promise.all(answers);
    expect(calls).toHaveLength(1);
    expect(new Set(got.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['STS.1']));
    expect(got.filter(({ isCached }) => !isCached)).toHaveLength(1);
  });

  it.each<[string, Partial<AssumeRoleRequest>]>([
    ['role', { roleArn: 'acs:ram::123456789012:role/oss-reader' }],
    ['role session name', { roleSessionName: 'user-2-bbbb' }],
    ['session policy', { policy: '{}' }],
    ['external ID', { externalId: 'other' }],
    ['duration', { durationSeconds: 999 }],
  ])('do not share a call if they differ in the %s', async (_what, other) => {
    const { keyIdOf, calls, sts, letGo } = arrange();
    sts.isHeld = true;
    const answers = [keyIdOf(), keyIdOf(other)];
    letGo();

    expect(await Promise.all(answers)).toEqual(['STS.1', 'STS.2']);
    expect(calls).toHaveLength(2);
  });

  it('fail together, and the next request asks STS again', async () => {
    const { keyIdOf, calls, sts, letGo } = arrange();
    sts.isHeld = true;
    sts.isDown = true;
    const answers = Promise.allSettled([keyIdOf(), keyIdOf()]);
    letGo();

    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(calls).toHaveLength(1);
    sts.isDown = false;
    expect(await keyIdOf()).toBe('STS.2');
  });
});

describe('a failure', () => {
  it('is not cached, and does not replace a cached answer', async () => {
    const { keyIdOf, clock, sts } = arrange();
    await keyIdOf();
    sts.isDown = true;
    await expect(keyIdOf({ durationSeconds: 2001 })).rejects.toThrow('sts_unavailable');
    clock.nowMs += 1000;
    expect(await keyIdOf()).toBe('STS.1');
  });
});

describe('the cache', () => {
  it('keeps at most maxEntries answers, and drops the oldest first', async () => {
    const { keyIdOf, calls } = arrange(3);
    for (const name of ['a', 'b', 'c', 'd']) await keyIdOf({ roleSessionName: name });
    expect(calls).toHaveLength(4);
    for (const name of ['b', 'c', 'd']) await keyIdOf({ roleSessionName: name });
    expect(calls).toHaveLength(4);
    await keyIdOf({ roleSessionName: 'a' });
    expect(calls).toHaveLength(5);
    await keyIdOf({ roleSessionName: 'b' });
    expect(calls).toHaveLength(6);
  });

  it('counts a replaced answer once, as the newest', async () => {
    const { keyIdOf, calls, clock } = arrange(2);
    await keyIdOf({ roleSessionName: 'a' });
    await keyIdOf({ roleSessionName: 'b' });
    clock.nowMs += 900_000;
    await keyIdOf({ roleSessionName: 'a' });
    await keyIdOf({ roleSessionName: 'c' });
    expect(calls).toHaveLength(4);
    await keyIdOf({ roleSessionName: 'a' });
    expect(calls).toHaveLength(4);
  });
});
