import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { createRedisClient } from '../../src/store/redis-client.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';
import { limitedConfig, outcome, outcomesOf } from '../limits/arrange.ts';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { makeUrl, pathOf, TICKET_ENVIRONMENT, useUrl } from '../support/credential-urls.ts';
import { startFreezingProxy } from '../support/freezing-proxy.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { ignoreEvents } from '../support/observe.ts';
import { describeWithRedis, startTestRedis, type TestRedis } from '../support/redis.ts';

const LIMITED = '429 rate_limited';
const REPLAYED = '401 subject_token_replayed';
const USED_UP = '401 credential_url_used_up';
const DOWN = '503 replay_store_unavailable';
/** Longer than the longest pause between two attempts to reach Redis. */
const PAUSE_MS = 31_000;

/** The default deadline is long enough for a busy machine. */
const store = (settings = 'timeout: 5000ms') => `store: { redisUrlFrom: REDIS_URL, ${settings} }`;
const LIMIT = 'limits: { subject: { requests: 3, window: 24h } }';
const LIMITED_CONFIG = limitedConfig({ top: `${LIMIT}\n${store()}` });
const ONE_TIME_CONFIG = limitedConfig({ issuer: 'oneTimeTokens: true', top: store() });

let redis: TestRedis;
let issuer: TestIssuer;
const open: TestBroker[] = [];
const reported: string[] = [];

beforeAll(async () => {
  [redis, issuer] = await Promise.all([startTestRedis(), createTestIssuer()]);
});

beforeEach(async () => {
  reported.length = 0;
  await redis.restart();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((broker) => broker.close()));
});

afterAll(async () => {
  await Promise.all([redis.close(), issuer.close()]);
});

/** Starts a broker. All brokers of this file share one Redis and one issuer. */
async function start(config: string, url = redis.url): Promise<TestBroker> {
  const tell = (line: string) => {
    if (line.includes('Redis')) reported.push(line);
  };
  const broker = await startTestBroker({
    config,
    issuer,
    environment: { ...TICKET_ENVIRONMENT, REDIS_URL: url },
    tell,
  });
  open.push(broker);
  return broker;
}

const ask = (broker: TestBroker, sub = 'user-1') => broker.ask({ claims: { sub } });

describeWithRedis('a limit in Redis', () => {
  it('is shared by two brokers', async () => {
    const [one, other] = await Promise.all([start(LIMITED_CONFIG), start(LIMITED_CONFIG)]);
    const outcomes = [];
    for (const broker of [one, other, one, other, one]) outcomes.push(outcome(await ask(broker)));

    expect(outcomes).toEqual(['200', '200', '200', LIMITED, LIMITED]);
    expect(outcome(await ask(other, 'user-2'))).toBe('200');
    expect(reported).toEqual([]);
  });

  it('is stored under hashed keys that expire and contain nothing of the caller', async () => {
    const broker = await start(
      limitedConfig({
        issuer: 'oneTimeTokens: true',
        top: `limits: { subject: { requests: 3, window: 1h }, address: { requests: 3, window: 2h } }\n${store()}`,
      }),
    );
    await broker.ask({ claims: { sub: 'alice', jti: 'marked-token-id' } });
    const keys = (await redis.client.keys('*')).sort();
    const livesMs = await Promise.all(keys.map((key) => redis.client.pttl(key)));

    expect(keys).toEqual([
      expect.stringMatching(/^oss-token-broker:address:7200:[A-Za-z0-9_-]{43}$/),
      expect.stringMatching(/^oss-token-broker:assume_role:10:[A-Za-z0-9_-]{43}$/),
      expect.stringMatching(/^oss-token-broker:reservation:[A-Za-z0-9_-]{43}$/),
      expect.stringMatching(/^oss-token-broker:subject:3600:[A-Za-z0-9_-]{43}$/),
    ]);
    expect(livesMs[0]).toBeLessThanOrEqual(7_200_000);
    // the token's 600 s, 30 s of clock tolerance, and 60 s for other instances' clocks
    expect(livesMs[1]).toBeLessThanOrEqual(10_000);
    expect(livesMs[2]).toBeGreaterThan(660_000);
    expect(livesMs[2]).toBeLessThanOrEqual(720_000);
    expect(livesMs[3]).toBeGreaterThan(0);
  });

  it('is not shared by a broker with another prefix', async () => {
    const [one, other] = await Promise.all([
      start(LIMITED_CONFIG),
      start(limitedConfig({ top: `${LIMIT}\n${store('timeout: 5000ms, prefix: other')}` })),
    ]);

    expect(await outcomesOf(4, () => ask(one))).toContain(LIMITED);
    expect(outcome(await ask(other))).toBe('200');
  });
});

describeWithRedis('a killed Redis', () => {
  it('is replaced by memory, which limits too, and is used again without a restart once it is back', async () => {
    const broker = await start(LIMITED_CONFIG);
    const before = await outcomesOf(2, () => ask(broker));
    await redis.kill();
    const during = await outcomesOf(5, () => ask(broker));
    await redis.restart();
    const keysBefore = await redis.client.dbsize();
    const soonAfter = outcome(await ask(broker, 'user-2'));
    const keysSoonAfter = await redis.client.dbsize();
    broker.clock.offsetMs += PAUSE_MS;
    const after = await outcomesOf(4, () => ask(broker));

    expect(before).toEqual(['200', '200']);
    expect(during).toEqual(['200', '200', '200', LIMITED, LIMITED]);
    expect([keysBefore, soonAfter, keysSoonAfter]).toEqual([0, '200', 0]);
    expect(after).toEqual(['200', '200', '200', LIMITED]);
    expect(await redis.client.dbsize()).toBe(1);
    expect(reported).toEqual([
      expect.stringMatching(/^Redis is unavailable \(.+\); limits are counted in memory$/),
      'Redis is used again',
    ]);
  });

  it('stops one-time tokens until it is back, and keeps no reservation of a refused one', async () => {
    const broker = await start(ONE_TIME_CONFIG);
    const [used, fresh] = await Promise.all([
      issuer.token({ jti: 'used' }),
      issuer.token({ jti: 'fresh' }),
    ]);
    const before = outcome(await broker.ask({ token: used }));
    await redis.kill();
    const during = await broker.ask({ token: fresh });
    await redis.restart();
    broker.clock.offsetMs += PAUSE_MS;
    const after = await outcomesOf(2, () => broker.ask({ token: fresh }));

    expect(before).toBe('200');
    expect(outcome(during)).toBe(DOWN);
    expect(Number(during.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(during.text).not.toContain('STS.');
    expect(after).toEqual(['200', REPLAYED]);
    expect(broker.stsCalls()).toBeLessThanOrEqual(2);
  });

  it('is replaced by memory for one-time tokens if the config says so, and they stay used up after it', async () => {
    const config = limitedConfig({
      issuer: 'oneTimeTokens: true',
      top: store('timeout: 5000ms, oneTimeTokensWhenDown: memory'),
    });
    const broker = await start(config);
    const token = await issuer.token({ jti: 'a' });
    await redis.kill();
    const during = await outcomesOf(2, () => broker.ask({ token }));
    await redis.restart();
    broker.clock.offsetMs += PAUSE_MS;

    expect(during).toEqual(['200', REPLAYED]);
    expect(outcome(await broker.ask({ token }))).toBe(REPLAYED);
    expect(await outcomesOf(2, () => broker.ask({ claims: { jti: 'b' } }))).toEqual([
      '200',
      REPLAYED,
    ]);
  });

  it('is not needed to start', async () => {
    await redis.kill();
    const broker = await start(LIMITED_CONFIG);

    expect(await outcomesOf(4, () => ask(broker))).toEqual(['200', '200', '200', LIMITED]);
  });
});

describeWithRedis('a slow Redis', () => {
  const QUICK = store('timeout: 50ms');

  it('delays no request beyond the deadline, and is replaced by memory', async () => {
    const broker = await start(limitedConfig({ top: `${LIMIT}\n${QUICK}` }));
    await redis.client.call('CLIENT', 'PAUSE', '60000', 'ALL');
    let isPaused = true;
    const waiting = redis.client.ping().then(
      () => (isPaused = false),
      () => {},
    );
    const outcomes = await outcomesOf(5, () => ask(broker));
    const wasPaused = isPaused;
    await redis.kill();
    await waiting;

    expect(outcomes).toEqual(['200', '200', '200', LIMITED, LIMITED]);
    expect(wasPaused).toBe(true);
    expect(reported).toEqual([
      'Redis is unavailable (no answer in 50 ms); limits are counted in memory',
    ]);
  });

  it('uses up no token whose reservation arrives too late', async () => {
    const broker = await start(limitedConfig({ issuer: 'oneTimeTokens: true', top: QUICK }));
    const token = await issuer.token({ jti: 'late' });
    await broker.ask({ claims: { jti: 'connects' } });
    await redis.client.call('CLIENT', 'PAUSE', '600', 'ALL');
    const during = outcome(await broker.ask({ token }));
    // both commands arrive when the pause ends: the late reservation, and its release; `connects` was counted before
    await vi.waitFor(async () => {
      const commands = await redis.client.info('commandstats');
      expect(commands).toMatch(/cmdstat_set:calls=3,/);
      expect(commands).toMatch(/cmdstat_eval:calls=2,/);
    });
    broker.clock.offsetMs += PAUSE_MS;

    expect(during).toBe(DOWN);
    expect(await outcomesOf(2, () => broker.ask({ token }))).toEqual(['200', REPLAYED]);
  });

  it('keeps a late reservation whose token was used in memory, for other instances', async () => {
    const top = store('timeout: 50ms, oneTimeTokensWhenDown: memory');
    const config = limitedConfig({ issuer: 'oneTimeTokens: true', top });
    const [broker, other] = [await start(config), await start(config)];
    const token = await issuer.token({ jti: 'late' });
    await broker.ask({ claims: { jti: 'connects' } });
    await redis.client.call('CLIENT', 'PAUSE', '600', 'ALL');
    const during = outcome(await broker.ask({ token }));
    // answered once the pause has ended, after what was sent during it
    await redis.client.ping();
    await new Promise((resolve) => setTimeout(resolve, 100));

    expect(during).toBe('200');
    expect(outcome(await other.ask({ token }))).toBe(REPLAYED);
  });
});

describeWithRedis('a frozen connection to Redis', () => {
  it('is replaced by a new one', async () => {
    const proxy = await startFreezingProxy(() => Number(new URL(redis.url).port));
    const config = limitedConfig({ top: `${LIMIT}\n${store('timeout: 100ms')}` });
    const broker = await start(config, `redis://127.0.0.1:${proxy.port}`);
    const before = outcome(await ask(broker));
    proxy.freeze();
    const during = await outcomesOf(3, () => ask(broker, 'user-2'));
    for (let attempt = 0; attempt < 20 && !reported.includes('Redis is used again'); attempt++) {
      broker.clock.offsetMs += PAUSE_MS;
      await broker.ask({ claims: { sub: `user-${attempt + 3}` } });
    }

    expect([before, ...during]).toEqual(Array(4).fill('200'));
    expect(reported.at(-1)).toBe('Redis is used again');
    await proxy.close();
  });
});

describeWithRedis('a full Redis', () => {
  it('counts as an outage if it does not evict', async () => {
    const limited = await start(LIMITED_CONFIG);
    const oneTime = await start(ONE_TIME_CONFIG);
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
    await redis.client.config('SET', 'maxmemory', '1');

    expect(await outcomesOf(4, () => ask(limited))).toEqual(['200', '200', '200', LIMITED]);
    expect(outcome(await oneTime.ask({ claims: { jti: 'a' } }))).toBe(DOWN);
    expect(reported).toEqual(Array(2).fill(expect.stringContaining('(OOM)')));
  });

  it('loses counts if it evicts, and no request is refused for it', async () => {
    const broker = await start(LIMITED_CONFIG);
    const before = await outcomesOf(4, () => ask(broker));
    const used = /used_memory:(\d+)/.exec(await redis.client.info('memory'))?.[1];
    await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await redis.client.config('SET', 'maxmemory', String(Number(used) + 1_000_000));
    const [counter = ''] = await redis.client.keys('*:subject:*');
    for (let n = 0; (await redis.client.exists(counter)) === 1; n++) {
      await redis.client.set(`filler-${n}`, 'x'.repeat(50_000));
    }

    expect(before).toEqual(['200', '200', '200', LIMITED]);
    expect(await outcomesOf(2, () => ask(broker))).toEqual(['200', '200']);
    expect(reported).toEqual([]);
  });
});

describeWithRedis('one-time tokens in Redis', () => {
  it('get one credential when they are sent to two brokers a hundred times at once', async () => {
    const [one, other] = await Promise.all([start(ONE_TIME_CONFIG), start(ONE_TIME_CONFIG)]);
    const token = await issuer.token({ jti: 'a' });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? one : other).ask({ token })),
    );

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.map(outcome).filter((one) => one === REPLAYED)).toHaveLength(99);
    expect(one.stsCalls() + other.stsCalls()).toBe(1);
  });

  it('may be used again, on another broker too, after an STS failure', async () => {
    const [one, other] = await Promise.all([start(ONE_TIME_CONFIG), start(ONE_TIME_CONFIG)]);
    const token = await issuer.token({ jti: 'a' });
    one.simulator.sts.faults.once({ kind: 'json5xx', code: 'InternalError' });

    expect(outcome(await one.ask({ token }))).toBe('503 sts_unavailable');
    expect(outcome(await other.ask({ token }))).toBe('200');
    expect(outcome(await one.ask({ token }))).toBe(REPLAYED);
  });

  it('stay used up when another request with the same token is refused', async () => {
    const [one, other] = await Promise.all([start(ONE_TIME_CONFIG), start(ONE_TIME_CONFIG)]);
    const token = await issuer.token({ jti: 'a' });
    await one.ask({ token });
    other.simulator.sts.faults.once({ kind: 'throttling' });

    expect(await outcomesOf(2, () => other.ask({ token }))).toEqual([REPLAYED, REPLAYED]);
  });
});

describeWithRedis('a credential URL with a number of uses', () => {
  it('gives no more on two brokers together, expires in Redis, and gets a use back from a refusal', async () => {
    const config = limitedConfig({
      top: `${store()}\npublicUrl: https://broker.example.com\nsurfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: TICKET_KEY_K1 }] } }\nlimits: { assumeRole: { requests: 1000, window: 1m } }`,
    });
    const [one, other] = await Promise.all([start(config), start(config)]);
    const path = pathOf(await makeUrl(one, { body: { Uses: 7 } }));
    one.simulator.sts.faults.once({ kind: 'clockSkew' });
    const refused = await useUrl(one, path);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => useUrl(index % 2 === 0 ? one : other, path)),
    );
    const keys = await redis.client.keys('oss-token-broker:reservation:*');
    const leftMs = await redis.client.pttl(keys[0] ?? '');

    expect(outcome(refused)).toBe('502 sts_refused');
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(7);
    expect(answers.map(outcome).filter((one) => one === USED_UP)).toHaveLength(33);
    expect(keys).toHaveLength(1);
    expect(leftMs).toBeGreaterThan(0);
  });
});

describeWithRedis('a reservation in Redis', () => {
  it('is released only by its owner', async () => {
    const { reservations, close } = createRedisStore({
      client: createRedisClient({ host: '127.0.0.1', port: Number(new URL(redis.url).port) }),
      prefix: 'test',
      timeoutMs: 5000,
      reservationsWhenDown: 'refuse',
      now: Date.now,
      random: () => 1,
      observe: ignoreEvents,
    });
    const reservation = (owner: string) => ({ key: 'a', owner, subject: 's', lifeMs: 60_000 });
    const outcomes = [await reservations.reserve(reservation('me'))];
    await reservations.release(reservation('other'));
    outcomes.push(await reservations.reserve(reservation('other')));
    await reservations.release(reservation('me'));
    outcomes.push(await reservations.reserve(reservation('other')));
    await close();

    expect(outcomes).toEqual([true, false, true]);
  });
});

describeWithRedis('the password of Redis', () => {
  it('is used, and is in no answer, log or message', async () => {
    await redis.client.config('SET', 'requirepass', 'canary-password');
    const withPassword = (password: string) => redis.url.replace('//', `//default:${password}@`);
    const right = await start(LIMITED_CONFIG, withPassword('canary-password'));
    const wrong = await start(ONE_TIME_CONFIG, withPassword('canary-mistake'));
    const answers = [await ask(right), await wrong.ask({ claims: { jti: 'a' } })];
    const said = [
      ...reported,
      ...answers.map(({ text, headers }) => text + JSON.stringify([...headers])),
      right.log.text,
      wrong.log.text,
    ].join('\n');

    expect(answers.map(outcome)).toEqual(['200', DOWN]);
    expect(reported).toEqual([expect.stringMatching(/\((?:NOAUTH|WRONGPASS)\)/)]);
    expect(said).not.toContain('canary');
  });
});
