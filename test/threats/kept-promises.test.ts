import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { makeUrl, pathOf, useUrl } from '../support/credential-urls.ts';
import { CONFIG, replace, startTicketBroker } from '../support/ticket-brokers.ts';

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

  it.each([
    ['maxLife', replace('TICKET_KEY_K1 }] }', 'TICKET_KEY_K1 }], maxLife: 5m }'), {}],
    ['beyondToken', (config: string) => config, { exp: 300 }],
  ])(
    'a used-up credential URL stays used up when a config with a shorter life by %s was in use',
    async (_setting, shorten, { exp }: { exp?: number }) => {
      const clock = { offsetMs: 0 };
      const store = createMemoryStore({ now: () => Date.now() + clock.offsetMs });
      const long = replace('TICKET_KEY_K1 }] }', 'TICKET_KEY_K1 }], beyondToken: true }')(CONFIG);
      const start = async (config: string, issuer?: TestBroker['issuer']) => {
        const broker = await startTicketBroker({ config, store, ...(issuer ? { issuer } : {}) });
        brokers.push(broker);
        return broker;
      };
      const old = await start(long);
      const nowSeconds = Math.floor(Date.now() / 1000);
      const claims = { sub: '42', ...(exp === undefined ? {} : { exp: nowSeconds + exp }) };
      const wanted = { claims, body: { Grant: 'user-files', Uses: 1, LifeSeconds: 1500 } };
      const path = pathOf(await makeUrl(old, wanted));
      const unused = pathOf(await makeUrl(old, wanted));

      const strict = await start(shorten(CONFIG), old.issuer);
      expect((await useUrl(strict, path)).status).toBe(200);

      const current = await start(long, old.issuer);
      clock.offsetMs = 10 * 60 * 1000;
      current.clock.offsetMs = clock.offsetMs;
      expect((await useUrl(current, path)).body['code']).toBe('credential_url_used_up');
      expect((await useUrl(current, unused)).status).toBe(200);
    },
  );
});
