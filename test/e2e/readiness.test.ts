/** Whether the broker is ready may be asked by anybody, so asking costs the source of credentials nothing. */
import { afterEach, describe, expect, it } from 'vitest';
import { createSourceCredentials } from '../../src/source-credentials/create-source-credentials.ts';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { ignoreEvents } from '../support/observe.ts';

const URI = 'http://127.0.0.1/credentials';
const MAX_ATTEMPTS = 3;

let broker: TestBroker | undefined;
afterEach(() => broker?.close());

/** A broker whose credentials come from a URI, which answers what the test says. */
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

describe('asking whether the broker is ready', () => {
  it('asks a source that is down once for all who ask, and then not before its backoff is over', async () => {
    const { state, askMany } = await start();
    for (let round = 0; round < 4; round += 1) expect(await askMany()).toEqual([503]);
    expect(state.loads).toBe(MAX_ATTEMPTS);

    state.nowMs += 1000;
    for (let round = 0; round < 4; round += 1) expect(await askMany()).toEqual([503]);
    expect(state.loads).toBe(2 * MAX_ATTEMPTS);
  });

  it('asks a source no more often while it is down for a long time', async () => {
    const { state, askMany } = await start();
    const startMs = state.nowMs;
    for (; state.nowMs < startMs + 120_000; state.nowMs += 2000) await askMany();

    expect(state.loads).toBeLessThanOrEqual(10 * MAX_ATTEMPTS);
  });

  it('asks a source that is down no more often while what it gave is still good', async () => {
    const { state, askMany } = await start();
    state.answer = () => credentialsFor(3_600_000, state.nowMs);
    await askMany();
    state.answer = () => new Response(null, { status: 503 });
    state.nowMs += 3_000_000;
    const before = state.loads;
    for (let round = 0; round < 4; round += 1) expect(await askMany()).toEqual([200]);

    expect(state.loads).toBe(before + MAX_ATTEMPTS);
  });

  it('does not ask for what is there, and notices when it comes', async () => {
    const { state, askMany } = await start();
    expect(await askMany()).toEqual([503]);
    state.answer = () => credentialsFor(3_600_000, state.nowMs);
    state.nowMs += 1000;
    const before = state.loads;
    for (let round = 0; round < 4; round += 1) expect(await askMany()).toEqual([200]);

    expect(state.loads).toBe(before + 1);
  });
});
