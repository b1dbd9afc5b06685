import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { freePort } from '../support/bundle.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { retryAfterMs, subjects, tally } from './answers.ts';
import { letClockRun, passTime, stopClock } from './clock.ts';
import { showInTable } from './matrix.ts';
import { type Watch, watch } from './promises.ts';

/** The longest time that loading the keys of an issuer may take. */
const ISSUER_DEADLINE_MS = 5000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let issuer: TestIssuer;
let broker: TestBroker;
let watched: Watch;

beforeEach(async () => {
  stopClock();
  issuer = await createTestIssuer();
  await start(SIMPLE_CONFIG);
});

afterEach(async () => {
  await broker.close();
  await issuer.close();
  letClockRun();
});

async function start(config: string): Promise<void> {
  broker = await startTestBroker({ config, issuer });
  watched = watch(broker, { deadlineMs: ISSUER_DEADLINE_MS });
}

function failBoth(fault: Parameters<TestIssuer['fault']>[1]): void {
  issuer.fault('discovery', fault);
  issuer.fault('jwks', fault);
}

/** A JWKS address without a server until `appear` starts it. */
async function createAbsentJwks(): Promise<{ url: string; appear(): Promise<Server> }> {
  const port = await freePort();
  return {
    url: `http://127.0.0.1:${port}/jwks.json`,
    async appear() {
      const keys = issuer.keys().map(({ publicJwk }) => publicJwk);
      const server = createServer((_request, response) => response.end(JSON.stringify({ keys })));
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      return server;
    },
  };
}

describe('an issuer fault', () => {
  it('lets the broker start while the issuer is down, and serve once it is up', async ({
    task,
  }) => {
    await broker.close();
    const jwks = await createAbsentJwks();
    await start(
      SIMPLE_CONFIG.replace('    audiences:', `    jwksUri: ${jwks.url}\n    audiences:`),
    );
    const during = await watched.askAll(subjects('user', 50));
    const stsCalls = broker.stsCalls();
    const server = await jwks.appear();
    passTime(Math.max(...retryAfterMs(during)));
    const after = await watched.askAll(subjects('user', 50));
    server.closeAllConnections();
    server.close();

    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'issuer down when the broker starts',
      promise: 'requests are refused with `Retry-After` until the keys are available',
      seen: `50 at once: ${tally(during)}, ${stsCalls} AssumeRole; once it is up: ${tally(after)}`,
    });
  });

  it('causes one request to the issuer when it answers with an error', async ({ task }) => {
    failBoth({ kind: 'status', status: 500 });
    const during = await watched.askAll(subjects('user', 50));
    const again = await watched.askAll(subjects('user', 50));
    const loads = issuer.requests.discovery;
    failBoth(undefined);
    passTime(Math.max(...retryAfterMs([...during, ...again])));
    const after = await watched.askAll(subjects('user', 50));

    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'issuer answers 500',
      promise: 'one request to the issuer for all waiting callers, then a pause before the next',
      seen: `50 at once, twice: ${tally([...during, ...again])}, ${loads} request to the issuer; afterwards: ${tally(after)}`,
    });
  });

  it('holds up no caller past the deadline when the issuer never answers', async ({ task }) => {
    failBoth({ kind: 'silence' });
    const during = await watched.askAll(subjects('user', 50));
    const loads = issuer.requests.discovery;
    failBoth(undefined);
    passTime(Math.max(...retryAfterMs(during)));
    const after = await watched.askAll(subjects('user', 50));

    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'issuer never answers',
      promise: 'callers get an answer within 5 s',
      seen: `50 at once: ${tally(during)}, ${loads} request to the issuer; afterwards: ${tally(after)}`,
    });
  });

  it('during a key rotation leaves known keys valid', async ({ task }) => {
    const before = await watched.askAll(subjects('user', 10));
    const oldToken = await issuer.token({ sub: 'user-0' });
    issuer.rotate();
    failBoth({ kind: 'status', status: 503 });
    const withOldKey = await watched.ask('user-0', { token: oldToken });
    const withNewKey = await watched.askAll(subjects('user', 10));
    failBoth(undefined);
    passTime(Math.max(...retryAfterMs(withNewKey)));
    const after = await watched.askAll(subjects('user', 10));
    const withdrawn = await watched.ask('user-0', { token: oldToken });

    expect(tally(before)).toBe('10 × 200');
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'issuer down during a key rotation',
      promise: 'known keys stay valid; a new key is refused as unavailable, not as invalid',
      seen: `old key: ${tally([withOldKey])}; new key: ${tally(withNewKey)}; afterwards: new key ${tally(after)}, old key ${tally([withdrawn])}`,
    });
  });

  it('of an hour refuses no caller when the issuer answers with an error', async ({ task }) => {
    await watched.ask('user');
    const loadsBefore = issuer.requests.discovery;
    failBoth({ kind: 'status', status: 503 });
    const during = [];
    for (let minute = 0; minute < 60; minute += 5) {
      passTime(5 * MINUTE_MS);
      during.push(await watched.ask('user'));
    }
    const loads = issuer.requests.discovery - loadsBefore;
    failBoth(undefined);
    issuer.rotate();
    passTime(MINUTE_MS);
    const after = [await watched.ask('user'), await watched.ask('user')];

    expect(loads).toBeLessThanOrEqual(12);
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'issuer down for an hour',
      promise: 'no caller is refused; the broker keeps asking the issuer at intervals',
      seen: `a request every 5 minutes: ${tally(during)}, at most 12 requests to the issuer; afterwards, with a new key: ${tally(after)}`,
    });
  });

  it('of an hour refuses no caller when the issuer never answers', async ({ task }) => {
    await watched.ask('user');
    const loadsBefore = issuer.requests.discovery;
    failBoth({ kind: 'silence' });
    passTime(HOUR_MS - 2 * MINUTE_MS);
    const answers = [];
    const waitsMs = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const startedAtMs = performance.now();
      answers.push(...(await watched.askAll(subjects('user', 20))));
      waitsMs.push(performance.now() - startedAtMs);
      // a token with an unknown key waits until the attempt has ended
      const token = await issuer.token({ sub: 'user' }, { header: { kid: 'unknown' } });
      expect((await watched.ask('user', { token })).status).toBe(503);
      passTime(30_000);
    }
    const loads = issuer.requests.discovery - loadsBefore;
    failBoth(undefined);
    issuer.rotate();
    const after = [await watched.ask('user'), await watched.ask('user')];

    // the first attempt is waited for, and a second of each further one
    expect(Math.max(...waitsMs.slice(1))).toBeLessThan(ISSUER_DEADLINE_MS - 500);
    expect(loads).toBe(3);
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'issuer silent for an hour',
      promise:
        'no caller with a known key is refused; callers wait at most 5 s for the first attempt and 1 s for each further one',
      seen: `20 at once, three times: ${tally(answers)}, ${loads} requests to the issuer; afterwards, with a new key: ${tally(after)}`,
    });
  });

  it('of more than a day ends the trust in known keys', async ({ task }) => {
    const before = await watched.ask('user');
    failBoth({ kind: 'status', status: 503 });
    passTime(25 * HOUR_MS);
    const during = await watched.askAll(subjects('user', 10));
    failBoth(undefined);
    passTime(Math.max(...retryAfterMs(during)));
    const after = await watched.askAll(subjects('user', 10));

    expect(before.status).toBe(200);
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'issuer down for more than a day',
      promise: 'keys that could not be refreshed for 24 hours are no longer trusted',
      seen: `after 25 hours: ${tally(during)}; afterwards: ${tally(after)}`,
    });
  });
});
