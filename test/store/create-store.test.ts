import { describe, expect, it } from 'vitest';
import { createStore, findStoreProblem } from '../../src/store/create-store.ts';
import { readRedisUrl } from '../../src/store/redis-client.ts';
import { ignoreEvents } from '../support/observe.ts';

const settings = {
  redisUrlFrom: 'REDIS_URL',
  timeoutMs: 100,
  prefix: 'oss-token-broker',
  oneTimeTokensWhenDown: 'refuse' as const,
};
const deps = { now: Date.now, random: Math.random, observe: ignoreEvents };

describe('the URL of Redis', () => {
  it.each([
    ['redis://cache.example.com', { host: 'cache.example.com', port: 6379, db: 0 }],
    ['redis://cache.example.com:7000/3', { host: 'cache.example.com', port: 7000, db: 3 }],
    ['redis://[2001:db8::1]:7000', { host: '2001:db8::1', port: 7000, db: 0 }],
    [
      'rediss://user:p%40ss%2Fword@cache.example.com/',
      {
        host: 'cache.example.com',
        port: 6379,
        db: 0,
        username: 'user',
        password: 'p@ss/word',
        tls: {},
      },
    ],
    ['redis://:secret@10.0.0.1', { host: '10.0.0.1', port: 6379, db: 0, password: 'secret' }],
  ])('is read from %s', (url, address) => {
    expect(readRedisUrl(url)).toEqual(address);
  });

  it.each([
    '',
    'cache.example.com:6379',
    'http://cache.example.com',
    'redis://',
    'redis:///0',
    'redis://cache.example.com/name',
    'redis://cache.example.com/0/1',
    'rediss://cache.example.com?tls=false',
    'redis://cache.example.com#0',
    'redis://user:%zz@cache.example.com',
  ])('is refused if it is "%s"', (url) => {
    expect(readRedisUrl(url)).toBeUndefined();
  });
});

const NOT_SET =
  'store.redisUrlFrom: the environment variable REDIS_URL is not set; set it to a URL like rediss://user:password@host:6379/0';

describe('the store of a config', () => {
  it.each([
    [{}, NOT_SET],
    [{ REDIS_URL: '' }, NOT_SET],
    [
      { REDIS_URL: 'http://user:canary@host' },
      'store.redisUrlFrom: the environment variable REDIS_URL is not a URL like rediss://user:password@host:6379/0',
    ],
  ])(
    'cannot be created with %o, and the message does not contain the URL',
    (environment, problem) => {
      expect(findStoreProblem(settings, environment)).toBe(problem);
      expect(() => createStore(settings, { environment, ...deps })).toThrow(problem);
    },
  );

  it('is created from a valid URL without connecting', async () => {
    const environment = { REDIS_URL: 'rediss://user:secret@cache.example.com' };

    expect(findStoreProblem(settings, environment)).toBeUndefined();
    await createStore(settings, { environment, ...deps }).close();
  });

  it('is in memory if the config names none', async () => {
    const store = createStore(undefined, { environment: {}, ...deps });
    await store.warm();

    expect(findStoreProblem(undefined, {})).toBeUndefined();
    expect(
      await store.reservations.reserve({ key: 'a', owner: 'me', subject: 's', lifeMs: 1000 }),
    ).toBe(true);
    await store.close();
  });
});
