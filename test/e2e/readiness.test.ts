/** Anyone may call /ready, so many calls must not cause many requests for source credentials. */
import { afterEach, describe, expect, it } from 'vitest';
import { createSourceCredentials } from '../../src/source-credentials/create-source-credentials.ts';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { ignoreEvents } from '../support/observe.ts';

const URI = 'http://127.0.0.1/credentials';
const MAX_ATTEMPTS = 3;

let broker: TestBroker | undefined;
afterEach(() => broker?.close());

/** Starts a broker with source credentials from a URI whose answer the test chooses. */
async function start() {
  const state = { nowMs: Date.now(), answer: () => new Response(null, { status: 503 }), loads: 0 };
  const sourceCredentials = createSourceCredentials(
    { type: 'credentials_uri', uri: URI },
    {
      environment: {},
      homeDirectory: '/nonexistent',
      region: 'cn-hangzhou',
      sts: {},
      now: () => state.nowMs,
      random: () => 0.5,
      sleep: (delayMs, signal) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          if (delayMs < 1000) setImmediate(resolve); // between attempts
        }),
      fetch: async () => {
        state.loads += 1;
        return state.answer();
      },
      observe: ignoreEvents,
    },
  );
  const running = await startTestBroker({ sourceCredentials });
  broker = running;
  const askMany = async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => running.ask({ method: 'GET', path: '/ready', token: null })),
    );
    return [...new Set(answers.map(({ status }) => status))];
  };
  return { state, askMany };
}

function credentialsFor(durationMs: number, nowMs: number): Response {
  return Response.json({
    Code: 'Success',
    AccessKeyId: 'STS.a',
    AccessKeySecret: 'secret',
    SecurityToken: 'token',
    Expiration: new Date(nowMs + durationMs).toISOString(),
  });
}

describe('the readiness check', () => {
  it('loads once for all callers from a source that is down, and again only after the backoff', async () => {
    const { state, askMany } = await start();
    for (let round = 0; round < 4; round += 1) expect(await askMany()).toEqual([503]);
    expect(state.loads).toBe(MAX_ATTEMPTS);

    state.nowMs += 1000;
    for (let round = 0; round < 4; round += 1) expect(await askMany()).toEqual([503]);
    expect(state.loads).toBe(2 * MAX_ATTEMPTS);
  });

  it('loads rarely while the source is down for a long time', async () => {
    const { state, askMany } = await start();
    const startMs = state.nowMs;
    for (; state.nowMs < startMs + 120_000; state.nowMs += 2000) await askMany();

    expect(state.loads).toBeLessThanOrEqual(10 * MAX_ATTEMPTS);
  });

  it('loads rarely while the source is down and its last credentials are still valid', async () => {
    const { state, askMany } = await start();
    state.answer = () => credentialsFor(3_600_000, state.nowMs);
    await askMany();
    state.answer = () => new Response(null, { status: 503 });
    state.nowMs += 3_000_000;
    const before = state.loads;
    for (let round = 0; round < 4; round += 1) expect(await askMany()).toEqual([200]);

    expect(state.loads).toBe(before + MAX_ATTEMPTS);
  });

  it('notices when source credentials become available, and then does not load again', async () => {
    const { state, askMany } = await start();
    expect(await askMany()).toEqual([503]);
    state.answer = () => credentialsFor(3_600_000, state.nowMs);
    state.nowMs += 1000;
    const before = state.loads;
    for (let round = 0; round < 4; round += 1) expect(await askMany()).toEqual([200]);

    expect(state.loads).toBe(before + 1);
  });
});
