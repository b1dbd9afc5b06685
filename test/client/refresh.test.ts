/** When a credential source asks for the next credential, and what it hands out meanwhile. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  END_MS,
  errorOf,
  keyOf,
  MINUTE_MS,
  offline,
  REFRESH_MS,
  refuse,
  scriptBroker,
} from './scripted-broker.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('a credential source', () => {
  it('asks when it is first used, and once for all who ask', async () => {
    const broker = scriptBroker();
    expect(broker.tokens).toHaveLength(0);
    const all = await Promise.all([1, 2, 3].map(() => broker.source.get()));

    expect(new Set(all.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['STS.1']));
    expect(broker.tokens).toEqual(['Bearer subject.token.1']);
  });

  it('hands out what the broker answered, with bucket and prefix of each target', async () => {
    const { source } = scriptBroker();

    expect(await source.get()).toMatchObject({
      accessKeyId: 'STS.1',
      accessKeySecret: 'secret',
      securityToken: 'token',
      requestId: 'request-1',
      expiration: new Date('2026-11-23T18:15:00Z'),
      refreshAfter: new Date('2026-11-23T18:12:00Z'),
      clockOffsetMs: 999,
      grant: {
        name: 'user-files',
        targets: [
          {
            target: 'oss://app-media/users/42/',
            bucket: 'app-media',
            prefix: 'users/42/',
            permissions: ['read', 'write'],
            region: 'cn-hangzhou',
            endpoint: 'https://oss-cn-hangzhou.aliyuncs.com',
          },
        ],
      },
    });
  });

  it('keeps the credential until RefreshAfter', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    await broker.passTime(REFRESH_MS - 1000);

    expect(await keyOf(broker)).toBe('STS.1');
    expect(broker.tokens).toHaveLength(1);
  });

  it('asks from RefreshAfter on, and lets nobody wait for it', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    await broker.passTime(REFRESH_MS);
    let answer = () => {};
    broker.answers.push(
      () =>
        new Promise((resolve) => {
          answer = () => resolve(broker.grant());
        }),
    );

    expect(await Promise.all([keyOf(broker), keyOf(broker)])).toEqual(['STS.1', 'STS.1']);
    expect(broker.tokens).toHaveLength(2);

    answer();
    await broker.passTime(1);
    expect(await keyOf(broker)).toBe('STS.2');
    expect(broker.tokens).toHaveLength(2);
  });

  it('waits for the next credential near the end of the last', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    await broker.passTime(END_MS - MINUTE_MS);

    expect(await keyOf(broker)).toBe('STS.2');
  });

  it('uses the old credential while it is valid and the broker does not answer', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    for (const elapsed of [REFRESH_MS, MINUTE_MS, MINUTE_MS, MINUTE_MS - 1000]) {
      await broker.passTime(elapsed);
      broker.answers.push(offline);
      expect(await keyOf(broker)).toBe('STS.1');
    }
    expect(broker.tokens).toHaveLength(5);

    await broker.passTime(1000);
    broker.answers.push(refuse(403, 'no_grant'));
    const error = errorOf(broker.source.get());
    await broker.passTime(MINUTE_MS);
    expect(await error).toMatchObject({ code: 'no_grant' });
  });

  it('does not ask for each use while refreshing fails', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    await broker.passTime(END_MS - MINUTE_MS);
    broker.answers.push(refuse(403, 'no_grant'));
    for (let use = 0; use < 10; use += 1) expect(await keyOf(broker)).toBe('STS.1');

    expect(broker.tokens).toHaveLength(2);
    await broker.passTime(500);
    expect(await keyOf(broker)).toBe('STS.3');
  });

  it('waits longer after each failure, at most 30 s, and by chance up to the double', async () => {
    for (const random of [0, 1]) {
      const broker = scriptBroker({ random: () => random });
      await broker.source.get();
      await broker.passTime(REFRESH_MS);
      const pauses = [500, 1000, 2000, 4000, 8000, 15_000, 15_000].map((ms) => ms * (1 + random));
      for (const pauseMs of pauses) {
        broker.answers.push(offline);
        await broker.source.get();
        await broker.passTime(pauseMs - 1);
        const before = broker.tokens.length;
        await broker.source.get();
        expect(broker.tokens).toHaveLength(before);
        await broker.passTime(1);
      }
      await broker.source.get();
      expect(broker.tokens).toHaveLength(pauses.length + 2);
    }
  });

  it('knows at its first use after a sleep that its credential has ended', async () => {
    const broker = scriptBroker();
    await broker.source.get();
    // no timer runs while the machine sleeps
    vi.setSystemTime(Date.now() + 8 * 3_600_000);

    expect(await keyOf(broker)).toBe('STS.2');
  });
});
