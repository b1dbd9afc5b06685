import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Answer,
  SIMPLE_CONFIG,
  startTestBroker,
  type TestBroker,
  type TestBrokerOptions,
} from '../support/broker.ts';
import { builtBundle } from '../support/built-bundle.ts';
import type { Bundle } from '../support/bundle.ts';
import { subjects, tally } from './answers.ts';
import { showInTable } from './matrix.ts';
import { type Watch, watch } from './promises.ts';

/** The longest wait of a request: for STS, and then for its audit line. */
const DEADLINE_MS = 7000;
const MAX_OPEN_FILES = 64;
const IDLE_CONNECTIONS = 100;
const MUST_BE_CLOSED = IDLE_CONNECTIONS - MAX_OPEN_FILES;
const CONFIG = SIMPLE_CONFIG.replace('timeout: 2s', 'timeout: 5s');

let bundle: Bundle;
let broker: TestBroker;
let watched: Watch;

beforeAll(() => {
  bundle = builtBundle();
});

afterEach(async () => {
  await broker.close();
});

async function start(options: TestBrokerOptions): Promise<void> {
  broker = await startTestBroker({ config: CONFIG, ...options });
  watched = watch(broker, { deadlineMs: DEADLINE_MS });
}

const waitUntil = (isSo: () => boolean | Promise<boolean>) =>
  vi.waitFor(async () => expect(await isSo()).toBe(true), { timeout: 10_000, interval: 10 });

describe('the audit log', () => {
  it('holds back credentials while it is not read', async ({ task }) => {
    await start({ bundle });
    await watched.ask('filler');
    broker.child?.stdout?.pause();
    // the pipe holds a few hundred lines
    const filling = await watched.askAll(Array.from({ length: 800 }, () => 'filler'));
    const during = await watched.askAll(subjects('user', 20));
    broker.child?.stdout?.resume();
    await waitUntil(async () => (await watched.ask('after-0')).status === 200);
    const after = await watched.askAll(subjects('user', 20));
    await waitUntil(() => isAudited(after));

    expect(tally(filling)).toMatch(/^\d+ × 200, \d+ × 503 `audit_unavailable`$/);
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'standard output, which is the audit log, is not read',
      promise:
        'no credential is handed out without its audit line, and no request waits longer than 2 s',
      seen: `20 at once: ${tally(during)}; afterwards: ${tally(after)}`,
    });
  });
});

function isAudited(answers: readonly Answer[]): boolean {
  const ids = new Set(broker.auditLines().map(({ requestId }) => requestId));
  return answers.every(({ headers }) => ids.has(headers.get('x-request-id')));
}

describe('SIGTERM', () => {
  it('under load lets requests in flight finish', async ({ task }) => {
    await start({ bundle });
    const ended = new Promise<number | null>((resolve) => broker.child?.once('exit', resolve));
    broker.simulator.sts.faults.set({ kind: 'slow', delayMs: 2000 });
    const inFlight = watched.askAll(subjects('user', 100));
    await waitUntil(() => broker.stsCalls() === 100);
    broker.child?.kill('SIGTERM');
    await waitUntil(async () => !(await isListening()));
    const late = await Promise.allSettled(subjects('late', 20).map((late) => watched.ask(late)));
    const finished = await inFlight;
    const code = await ended;
    await waitUntil(() => isAudited(finished));

    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'SIGTERM under load',
      promise: 'requests in flight are finished, and no new connection is accepted',
      seen: `100 in flight: ${tally(finished)}; 20 more: ${late.filter(({ status }) => status === 'rejected').length} × no connection; exit code ${code}`,
    });
  });
});

function isListening(): Promise<boolean> {
  const socket = connect(Number(new URL(broker.url).port), '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).then((isSo) => {
    socket.destroy();
    return isSo === true;
  });
}

describe('a broker out of file descriptors', () => {
  it('still answers on open connections', async ({ task }) => {
    await start({ bundle: { ...bundle, maxOpenFiles: MAX_OPEN_FILES } });
    const agent = new Agent({ keepAlive: true, maxSockets: 10 });
    const kept = watch({ ...broker, ask: askThrough(agent) }, { deadlineMs: DEADLINE_MS });
    const outside = { body: { Target: 'oss://app-media/users/' } };
    // loads the issuer's keys, but nothing that requests to STS need
    const before = await Promise.all(subjects('user', 10).map((user) => kept.ask(user, outside)));
    const idle = await openIdle(IDLE_CONNECTIONS);
    const during = await kept.askAll(subjects('user', 10));
    for (const socket of idle) socket.destroy();
    await waitUntil(async () => (await watched.ask('first')).status === 200);
    const after = await watched.askAll(subjects('user', 10));
    agent.destroy();

    expect(tally(before)).toBe('10 × 403 `target_outside_grant`');
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'out of file descriptors: 100 idle connections, limit 64 files',
      promise: 'the broker keeps running and answers on open connections',
      seen: `at least ${MUST_BE_CLOSED} of the idle connections closed at once; 10 requests on earlier connections: ${tally(during)}; afterwards: ${tally(after)}`,
    });
  });
});

/** Opens connections, and waits until the broker has closed those above its limit. */
async function openIdle(count: number): Promise<readonly Socket[]> {
  const port = Number(new URL(broker.url).port);
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => {}).resume();
  await waitUntil(() => sockets.filter(({ destroyed }) => destroyed).length >= MUST_BE_CLOSED);
  return sockets;
}

/** Asks through the agent, whose connections stay open. */
function askThrough(agent: Agent): TestBroker['ask'] {
  return async ({ claims, body } = {}) => {
    const token = await broker.issuer.token(claims);
    const text = JSON.stringify(body ?? {});
    return new Promise((resolve, reject) => {
      const sent = request(`${broker.url}/v1/credentials`, {
        agent,
        method: 'POST',
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': 'application/json',
          'Content-Length': text.length,
        },
      });
      sent.once('error', reject);
      sent.once('response', (response) => {
        let answer = '';
        response.on('data', (chunk) => {
          answer += chunk;
        });
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: new Headers({ 'x-request-id': String(response.headers['x-request-id']) }),
            text: answer,
            body: JSON.parse(answer),
          }),
        );
      });
      sent.end(text);
    });
  };
}

describe('an aborted request', () => {
  it('is audited, and its credential serves the next request', async ({ task }) => {
    await start({});
    const { signal, abort } = createAbort();
    broker.simulator.sts.faults.once({ kind: 'slow', delayMs: 1000 });
    const token = await broker.issuer.token({ sub: 'user' });
    const aborted = Array.from({ length: 50 }, () =>
      fetch(`${broker.url}/v1/credentials`, {
        headers: { Authorization: `Bearer ${token}` },
        signal,
      }).then(
        () => 'answered',
        () => 'aborted',
      ),
    );
    await waitUntil(() => broker.stsCalls() === 1);
    abort();
    const outcomes = await Promise.all(aborted);
    const next = await watched.ask('user', { token });
    await waitUntil(() => broker.auditLines().length === 51);

    expect(new Set(outcomes)).toEqual(new Set(['aborted']));
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'callers hang up while they wait for STS',
      promise: 'the credential is audited anyway and serves the next request',
      seen: `50 hang up; the next request: ${tally([next])}, ${broker.stsCalls()} AssumeRole, ${broker.auditLines().length} audit lines`,
    });
  });

  it.for([
    ['`Content-Length`', 'Content-Length: 100\r\n\r\n{"Grant"'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n8\r\n{"Grant"\r\n'],
  ])('with half a body is refused, sent with %s', async ([form, half], { task }) => {
    await start({});
    const token = await broker.issuer.token();
    const head = `POST /v1/credentials HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json`;
    for (let n = 0; n < 20; n++) {
      const socket = connect(Number(new URL(broker.url).port), '127.0.0.1');
      socket.on('error', () => {});
      socket.write(`${head}\r\n${half}`, () => socket.destroy());
    }
    await waitUntil(() => broker.auditLines().length === 20);
    const reasons = new Set(broker.auditLines().map(({ reason }) => reason));
    const calls = broker.stsCalls();
    const next = await watched.ask('user');

    watched.expectPromisesKept();
    showInTable(task, {
      fault: `callers hang up halfway through a body sent with ${form}`,
      promise: 'refused and audited as malformed, and STS is not asked',
      seen: `20 hang up: 20 audit lines with \`${[...reasons].join()}\`, ${calls} AssumeRole; the next request: ${tally([next])}`,
    });
  });
});

function createAbort() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
