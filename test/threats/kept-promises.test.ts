import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';

const brokers: TestBroker[] = [];
afterEach(() => Promise.all(brokers.splice(0).map((broker) => broker.close())));

describe('threat 42: state that a reload changes', () => {
  it.each([
    ['maxTokenAge: 10m, clockTolerance: 5s', 'maxTokenAge: 24h, clockTolerance: 60s', 15 * 60],
    ['maxTokenAge: 1h, clockTolerance: 5s', 'maxTokenAge: 720h, clockTolerance: 60s', 7100],
  ])('a used one-time token stays used when %s becomes %s', async (before, after, laterSeconds) => {
    const clock = { offsetMs: 0 };
    // as in production, the store outlives the broker of one config
    const store = createMemoryStore({ now: () => Date.now() + clock.offsetMs });
    const start = async (settings: string, issuer?: TestBroker['issuer']) => {
      const config = SIMPLE_CONFIG.replace(
        '    audiences:',
        `    oneTimeTokens: true\n    ${settings.replace(', ', '\n    ')}\n    audiences:`,
      );
      const broker = await startTestBroker({ config, store, ...(issuer ? { issuer } : {}) });
      brokers.push(broker);
      return broker;
    };
    const old = await start(before);
    const exp = Math.floor(Date.now() / 1000) + 7200;
    const token = await old.issuer.token({ jti: 'a', exp });
    const unused = await old.issuer.token({ jti: 'b', exp });
    expect((await old.ask({ token })).status).toBe(200);

    const current = await start(after, old.issuer);
    clock.offsetMs = laterSeconds * 1000;
    current.clock.offsetMs = clock.offsetMs;

    expect(await current.ask({ token })).toMatchObject({
      status: 401,
      body: { code: 'subject_token_replayed' },
    });
    // the SDK signs with the real clock, so STS refuses what the broker let through
    expect((await current.ask({ token: unused })).body['code']).toBe('sts_refused');
  });
});
