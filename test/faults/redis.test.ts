import { afterEach, beforeEach, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { describeWithRedis, startTestRedis, type TestRedis } from '../support/redis.ts';
import { subjects, tally } from './answers.ts';
import { letClockRun, passTime, stopClock } from './clock.ts';
import { showInTable } from './matrix.ts';
import { type Watch, watch } from './promises.ts';

/** The deadline of one operation. A request waits for a few of them at most. */
const STORE_DEADLINE_MS = 1000;
/** Longer than any pause between connection attempts. */
const PAUSE_MS = 31_000;
const LIMITED = `${SIMPLE_CONFIG}
limits: { subject: { requests: 10, window: 1h } }
store: { redisUrlFrom: REDIS_URL, timeout: 1000ms }
`;
const ONE_TIME = LIMITED.replace('    audiences:', '    oneTimeTokens: true\n    audiences:');

let redis: TestRedis;
let limited: TestBroker;
let oneTime: TestBroker;
let watchedLimited: Watch;
let watchedOneTime: Watch;

beforeEach(async () => {
  stopClock();
  redis = await startTestRedis();
  const environment = { REDIS_URL: redis.url };
  limited = await startTestBroker({ config: LIMITED, environment });
  oneTime = await startTestBroker({ config: ONE_TIME, environment });
  watchedLimited = watch(limited, { deadlineMs: STORE_DEADLINE_MS });
  watchedOneTime = watch(oneTime, { deadlineMs: STORE_DEADLINE_MS });
});

afterEach(async () => {
  await limited.close();
  await oneTime.close();
  await redis.close();
  letClockRun();
});

const askLimited = (group: string) => watchedLimited.askAll(subjects(group, 20));

/** Asks once more than the limit allows. */
async function ask11Times(subject: string) {
  const answers = [];
  for (let n = 0; n < 11; n++) answers.push(await watchedLimited.ask(subject));
  return answers;
}

/** Each subject presents its own one-time token. */
const askOneTime = (group: string) =>
  Promise.all(
    subjects(group, 20).map((subject) =>
      watchedOneTime.ask(subject, { claims: { jti: `token-of-${subject}` } }),
    ),
  );

const presentAgain = () =>
  Promise.all(
    subjects('before', 20).map((subject) =>
      watchedOneTime.ask(subject, { claims: { jti: `token-of-${subject}` } }),
    ),
  );

/** After the longest pause, one request finds out that Redis is back; then the others use it too. */
async function recover() {
  passTime(PAUSE_MS);
  const first = [
    await watchedLimited.ask('first'),
    await watchedOneTime.ask('first', { claims: { jti: 'first' } }),
  ];
  return [...first, ...(await askLimited('after')), ...(await askOneTime('after'))];
}

function expectPromisesKept(): void {
  watchedLimited.expectPromisesKept();
  watchedOneTime.expectPromisesKept();
}

const REDIS_PROMISE =
  'limits continue in memory; one-time tokens are refused rather than accepted twice';

describeWithRedis('limits and one-time tokens', () => {
  it('keep their promises while Redis is down', async ({ task }) => {
    const before = [...(await askLimited('before')), ...(await askOneTime('before'))];
    await redis.kill();
    const limitedAnswers = [...(await askLimited('during')), ...(await ask11Times('busy'))];
    const oneTimeAnswers = await askOneTime('during');
    await redis.restart();
    const after = await recover();

    expect(tally(before)).toBe('40 × 200');
    expectPromisesKept();
    showInTable(task, {
      fault: 'Redis down',
      promise: REDIS_PROMISE,
      seen: `20 callers once and one caller 11 times, limit 10: ${tally(limitedAnswers)}; one-time tokens: ${tally(oneTimeAnswers)}; afterwards: ${tally(after)}`,
    });
  });

  it('keep their promises if Redis is down when the broker starts', async ({ task }) => {
    await redis.kill();
    const limitedAnswers = [...(await askLimited('during')), ...(await ask11Times('busy'))];
    const oneTimeAnswers = await askOneTime('during');
    await redis.restart();
    const after = await recover();

    expectPromisesKept();
    showInTable(task, {
      fault: 'Redis down when the broker starts',
      promise: REDIS_PROMISE,
      seen: `20 callers once and one caller 11 times, limit 10: ${tally(limitedAnswers)}; one-time tokens: ${tally(oneTimeAnswers)}; afterwards: ${tally(after)}`,
    });
  });

  it('keep their promises while Redis answers too late', async ({ task }) => {
    const before = [...(await askLimited('before')), ...(await askOneTime('before'))];
    redis.freeze();
    const limitedAnswers = [...(await askLimited('during')), ...(await ask11Times('busy'))];
    const oneTimeAnswers = await askOneTime('during');
    redis.thaw();
    const after = await recover();
    const again = await presentAgain();

    expect(tally(before)).toBe('40 × 200');
    expectPromisesKept();
    showInTable(task, {
      fault: 'Redis slow: stopped for longer than `store.timeout`',
      promise: `no request waits longer than \`store.timeout\`; ${REDIS_PROMISE}`,
      seen: `20 callers once and one caller 11 times, limit 10: ${tally(limitedAnswers)}; one-time tokens: ${tally(oneTimeAnswers)}; afterwards: ${tally(after)}, tokens used before: ${tally(again)}`,
    });
  });

  it('keep their promises while Redis is full and evicts nothing', async ({ task }) => {
    const before = [...(await askLimited('before')), ...(await askOneTime('before'))];
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
    await redis.client.config('SET', 'maxmemory', '1');
    const limitedAnswers = [...(await askLimited('during')), ...(await ask11Times('busy'))];
    const oneTimeAnswers = await askOneTime('during');
    await redis.client.config('SET', 'maxmemory', '0');
    const after = await recover();
    const again = await presentAgain();

    expect(tally(before)).toBe('40 × 200');
    expectPromisesKept();
    showInTable(task, {
      fault: 'Redis full (`noeviction`)',
      promise: REDIS_PROMISE,
      seen: `20 callers once and one caller 11 times, limit 10: ${tally(limitedAnswers)}; one-time tokens: ${tally(oneTimeAnswers)}; afterwards: ${tally(after)}, tokens used before: ${tally(again)}`,
    });
  });

  it('start counting again when Redis evicts a counter', async ({ task }) => {
    const upToLimit = await ask11Times('busy');
    await evictEverything();
    const limitedAnswers = [await watchedLimited.ask('busy'), ...(await askLimited('during'))];

    expect(tally(upToLimit)).toBe('10 × 200, 1 × 429 `rate_limited`');
    watchedLimited.expectPromisesKept();
    showInTable(task, {
      fault: 'Redis evicting (`allkeys-lru`)',
      promise:
        'counts start again, and no request fails; unsafe for one-time tokens, see [store](config.md#store)',
      seen: `one caller 11 times, limit 10: ${tally(upToLimit)}; after its count was evicted: ${tally(limitedAnswers)}`,
    });
  });
});

/** Fills Redis until it has evicted every counter that it has. */
async function evictEverything(): Promise<void> {
  const used = /used_memory:(\d+)/.exec(await redis.client.info('memory'))?.[1];
  await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await redis.client.config('SET', 'maxmemory', String(Number(used) + 1_000_000));
  const counters = await redis.client.keys('*');
  for (let n = 0; (await redis.client.exists(counters)) > 0; n++) {
    await redis.client.set(`filler-${n}`, 'x'.repeat(50_000));
  }
}
