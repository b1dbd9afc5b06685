import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { createStaticCredentials } from '../../simulator/static-credentials.ts';
import { createBroker } from '../../src/broker.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { parseConfig } from '../../src/config-loader/parse-config.ts';
import { createReloadingBroker, type ReloadingBroker } from '../../src/reloading-broker.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { createFetchIssuer } from '../../src/subject-token/keys/issuer-fetch.ts';
import { letClockRun, passTime, stopClock } from '../faults/clock.ts';
import { SIMPLE_CONFIG } from '../support/broker.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { ignoreEvents } from '../support/observe.ts';

const HOUR_MS = 3_600_000;
const HOUR = 3600;

let issuer: TestIssuer;
let simulator: Simulator;
let server: RunningServer;
let broker: ReloadingBroker;
let config: { text: string };

beforeEach(async () => {
  stopClock();
  issuer = await createTestIssuer();
  simulator = await startSimulator({
    now: Date.now,
    buckets: ['app-media'],
    region: 'cn-hangzhou',
  });
});

afterEach(async () => {
  await server.close(0);
  await Promise.all([issuer.close(), simulator.close()]);
  letClockRun();
});

/** The settings of the issuer in the present config. */
function setIssuer(settings: string): void {
  config = {
    text: SIMPLE_CONFIG.replace('    types:', `    ${settings}\n    types:`)
      .replaceAll('{{issuer}}', issuer.url)
      .replaceAll('{{sts}}', simulator.sts.url)
      .replaceAll('{{oss}}', simulator.oss.url),
  };
}

/** Starts a broker that keeps one store for all configs, as `src/main.ts` does. */
async function start(settings: string): Promise<void> {
  setIssuer(settings);
  const store = createMemoryStore({ now: Date.now });
  const read = async () => ({ text: config.text, file: 'broker.yaml' });
  broker = createReloadingBroker({
    config: loadConfig({ text: config.text, file: 'broker.yaml', environment: {} }).config,
    source: { checkEveryMs: Number.POSITIVE_INFINITY, read, readChange: read },
    parse: (text) => parseConfig({ ...text, environment: {} }),
    now: Date.now,
    observe: ignoreEvents,
    build: (built) =>
      createBroker({
        config: built,
        sourceCredentials: createStaticCredentials(simulator.sourceCredentials),
        recordAudit: async () => {},
        now: Date.now,
        fetchIssuer: createFetchIssuer({ lookup }),
        randomUuid: randomUUID,
        random: () => 0,
        isOnFunctionCompute: false,
        usesFunctionRole: false,
        observe: ignoreEvents,
        store,
      }),
  });
  const address = { hostname: '127.0.0.1', port: 0, neverHangUp: false };
  server = await startServer({ fetch: broker.fetch, ...address });
}

async function reload(settings: string): Promise<void> {
  setIssuer(settings);
  await broker.reload();
}

async function ask(token: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${server.port}/v1/credentials`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const text = await answer.text();
  return answer.status === 200 ? '200' : (/"code":"(\w+)"/.exec(text)?.[1] ?? text);
}

const ONE_TIME = 'oneTimeTokens: true\n    ';
const lasting = (seconds: number) => ({
  jti: 'a',
  exp: Math.floor(Date.now() / 1000) + seconds,
});

describe('threat 42: a used token after a reload that accepts older tokens', () => {
  it('stays used when maxTokenAge is raised', async () => {
    await start(`${ONE_TIME}maxTokenAge: 1h`);
    const token = await issuer.token(lasting(48 * HOUR));
    const outcomes = [await ask(token), await ask(token)];
    passTime(2 * HOUR_MS);
    outcomes.push(await ask(token));
    await reload(`${ONE_TIME}maxTokenAge: 24h`);
    outcomes.push(await ask(token));
    await reload(`${ONE_TIME}maxTokenAge: 720h`);
    passTime(45 * HOUR_MS);
    outcomes.push(await ask(token));

    expect(outcomes).toEqual([
      '200',
      'subject_token_replayed',
      'subject_token_expired',
      'subject_token_replayed',
      'subject_token_replayed',
    ]);
    // another token of that age is accepted, so only its use stops the first one
    const unused = await issuer.token({
      jti: 'b',
      iat: Math.floor(Date.now() / 1000) - 47 * HOUR,
    });
    expect(await ask(unused)).toBe('200');
  });

  it('stays used when clockTolerance is raised', async () => {
    await start(`${ONE_TIME}clockTolerance: 1s`);
    const token = await issuer.token(lasting(600));
    const outcomes = [await ask(token)];
    passTime(602_000);
    outcomes.push(await ask(token));
    await reload(`${ONE_TIME}clockTolerance: 60s`);
    outcomes.push(await ask(token));
    passTime(57_000);
    outcomes.push(await ask(token));
    passTime(2000);
    outcomes.push(await ask(token));

    expect(outcomes).toEqual([
      '200',
      'subject_token_expired',
      'subject_token_replayed',
      'subject_token_replayed',
      'subject_token_expired',
    ]);
  });

  it('stays used up to the greatest age that a config can allow, whatever its exp', async () => {
    await start(`${ONE_TIME}maxTokenAge: 1h`);
    const token = await issuer.token(lasting(365 * 24 * HOUR));
    const outcomes = [await ask(token)];
    await reload(`${ONE_TIME}maxTokenAge: 720h`);
    passTime(720 * HOUR_MS);
    outcomes.push(await ask(token));
    passTime(HOUR_MS);
    outcomes.push(await ask(token));

    expect(outcomes).toEqual(['200', 'subject_token_replayed', 'subject_token_expired']);
  });
});
