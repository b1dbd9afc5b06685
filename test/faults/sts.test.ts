import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../simulator/faults.ts';
import {
  SIMPLE_CONFIG,
  startTestBroker,
  type TestBroker,
  type TestBrokerOptions,
} from '../support/broker.ts';
import { startFreezingProxy } from '../support/freezing-proxy.ts';
import { createTestIssuer } from '../support/issuer.ts';
import { comeBackAsTold, newcomers, retryAfterMs, subjects, tally } from './answers.ts';
import { letClockRun, passTime, stopClock } from './clock.ts';
import { showInTable } from './matrix.ts';
import { type Watch, watch } from './promises.ts';

/** The longest of any config here. */
const STS_DEADLINE_MS = 5000;
const CONFIG = SIMPLE_CONFIG.replace('timeout: 2s', 'timeout: 1s');
const MINUTE_MS = 60_000;
const STS_SKEW_MS = 20 * MINUTE_MS;
const CLOCK_HINT = "the broker's clock is more than 15 minutes off";
const ISSUED_LATER = 'token_not_yet_valid {"claim":"iat"}';

let broker: TestBroker;
let watched: Watch;

beforeEach(async () => {
  stopClock();
  await start({ config: CONFIG });
});

afterEach(async () => {
  await broker.close();
  letClockRun();
});

async function start(options: TestBrokerOptions): Promise<void> {
  broker = await startTestBroker({ random: Math.random, ...options });
  watched = watch(broker, { deadlineMs: STS_DEADLINE_MS });
}

const OUTAGES: readonly { readonly fault: string; readonly of: Fault }[] = [
  { fault: 'STS throttles everything', of: { kind: 'throttling' } },
  { fault: 'STS throttles by a redirect (302)', of: { kind: 'redirect302', body: 'json' } },
  { fault: 'STS answers 500 as JSON', of: { kind: 'json5xx', code: 'InternalError' } },
  { fault: 'a proxy answers 502 in HTML for STS', of: { kind: 'html5xx', status: 502 } },
  { fault: 'a portal answers 200 in HTML for STS', of: { kind: 'html200' } },
  { fault: 'STS trickles its answer beyond the deadline', of: { kind: 'slow', delayMs: 3000 } },
  { fault: 'STS accepts requests and never answers', of: { kind: 'hang' } },
  { fault: 'STS announces a body that never comes', of: { kind: 'halfAnswer' } },
  { fault: 'STS resets connections', of: { kind: 'reset' } },
];

describe('an outage of STS opens the circuit:', () => {
  it.for(OUTAGES)('$fault', async ({ fault, of }, { task }) => {
    broker.simulator.sts.faults.set(of);
    const first = await watched.askAll(subjects('first', 20));
    const callsBefore = broker.stsCalls();
    const second = await watched.askAll(subjects('second', 20));
    const calls = broker.stsCalls() - callsBefore;
    broker.simulator.sts.faults.set(undefined);
    passTime(Math.max(...retryAfterMs([...first, ...second])));
    const after = [await watched.ask('first-0'), ...(await watched.askAll(subjects('second', 19)))];

    expect(calls).toBe(0);
    watched.expectPromisesKept();
    showInTable(task, {
      fault,
      promise: 'answers within `sts.timeout`; then refuses at once, without asking STS',
      seen: `20 at once: ${tally(first)}; 20 more: ${tally(second)}, ${calls} AssumeRole; after it: ${tally(after)}`,
    });
  });
});

describe('STS', () => {
  it('that answers without a usable credential', async ({ task }) => {
    broker.simulator.sts.faults.set({ kind: 'malformedCredentials', omit: ['SecurityToken'] });
    const incomplete = await watched.askAll(subjects('user', 10));
    broker.simulator.sts.faults.set({ kind: 'empty200' });
    const empty = await watched.askAll(subjects('user', 10));
    broker.simulator.sts.faults.set(undefined);
    passTime(Math.max(...retryAfterMs(empty)));
    const after = [await watched.ask('user-0'), ...(await watched.askAll(subjects('user', 10)))];

    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'STS answers 200 with half a credential, or nothing',
      promise: 'hands nothing out, and keeps nothing of it',
      seen: `half: ${tally(incomplete)}; nothing: ${tally(empty)}; after it: ${tally(after)}`,
    });
  });

  it('that takes its time within the deadline, for many of one caller', async ({ task }) => {
    await broker.close();
    await start({ config: CONFIG.replace('timeout: 1s', 'timeout: 5s') });
    broker.simulator.sts.faults.set({ kind: 'slow', delayMs: 2000 });
    const during = await watched.askAll(Array.from({ length: 100 }, () => 'user'));
    const slowCalls = broker.stsCalls();
    broker.simulator.sts.faults.set({ kind: 'json5xx', code: 'ServiceUnavailable' });
    const failed = await watched.askAll(Array.from({ length: 100 }, () => 'other'));
    const failedCalls = broker.stsCalls() - slowCalls;

    expect(failedCalls).toBeLessThanOrEqual(5);
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'one caller asks 100 times at once while STS is slow, or fails',
      promise: 'asks STS once for all equal requests',
      seen: `slow: ${tally(during)}, ${slowCalls} AssumeRole; failing: ${tally(failed)}, at most 5 AssumeRole`,
    });
  });

  it('on connections that a firewall forgot', async ({ task }) => {
    await broker.close();
    const proxy = await startFreezingProxy(() => Number(new URL(broker.simulator.sts.url).port));
    const config = SIMPLE_CONFIG.replace('{{sts}}', `http://127.0.0.1:${proxy.port}`);
    await start({ config });
    // so long that they all overlap, and each has a connection of its own
    broker.simulator.sts.faults.once({ kind: 'slow', delayMs: 1000 }, 10);
    const before = await watched.askAll(subjects('before', 10));
    proxy.freeze();
    const during = await watched.askAll(subjects('during', 10));
    passTime(Math.max(...retryAfterMs(during)));
    const after = [await watched.ask('during-0'), ...(await watched.askAll(subjects('after', 9)))];
    await proxy.close();

    expect(tally(before)).toBe('10 × 200');
    watched.expectPromisesKept();
    showInTable(task, {
      fault: '10 open connections to STS lead nowhere any more',
      promise: 'gives the connections up at the deadline, and opens others',
      seen: `10 at once: ${tally(during)}; then: ${tally(after)}`,
    });
  });

  it('with a clock that is 20 minutes ahead of that of the broker', async ({ task }) => {
    // of the broker, the SDK alone takes the time from the system, and signs with it
    broker.clock.offsetMs = STS_SKEW_MS;
    const during = await watched.askAll(subjects('user', 10));
    const named = broker.auditLines().filter(({ why }) => JSON.stringify(why).includes(CLOCK_HINT));
    broker.clock.offsetMs = 0;
    const after = await watched.askAll(subjects('user', 10));

    watched.expectPromisesKept();
    showInTable(task, {
      fault: "the broker's clock is 20 minutes behind that of STS",
      promise: 'names the cause in the audit log; needs no restart once the clock is right',
      seen: `10 at once: ${tally(during)}, ${named.length} audit lines with “${CLOCK_HINT}”; after it: ${tally(after)}`,
    });
  });

  it('fails for a minute, and 500 callers come back as they are told', async ({ task }) => {
    broker.simulator.sts.faults.set({ kind: 'json5xx', code: 'ServiceUnavailable' });
    const wave = await comeBackAsTold(watched, { callers: newcomers('user', 500), seconds: 1 });
    const waveCalls = broker.stsCalls();
    const minute = await comeBackAsTold(watched, { callers: wave.waiting, seconds: 60 });
    const probes = broker.stsCalls() - waveCalls;
    broker.simulator.sts.faults.set(undefined);
    const rest = await comeBackAsTold(watched, { callers: minute.waiting, seconds: 90 });
    const waits = new Set(retryAfterMs(wave.answers));

    expect(waveCalls).toBeLessThanOrEqual(500);
    expect(waits.size).toBeGreaterThanOrEqual(4);
    expect(probes).toBeLessThanOrEqual(8);
    expect(rest.waiting).toEqual([]);
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'STS fails for a minute, and 500 callers try again and again',
      promise: 'spreads `Retry-After`; one request at a time finds out whether STS is back',
      seen: `first wave: ${tally(wave.answers)}, at least 4 different \`Retry-After\`; in the minute after it: at most 8 AssumeRole; after it: all 500 served`,
    });
  });

  it('allows 100 requests a second, and 300 callers come at once', async ({ task }) => {
    broker.simulator.sts.faults.set({ kind: 'rateLimit', requestsPerSecond: 100 });
    const callers = newcomers('user', 300);
    const wave = await comeBackAsTold(watched, { callers, seconds: 1 });
    const rest = await comeBackAsTold(watched, { callers: wave.waiting, seconds: 60 });

    expect(rest.waiting).toEqual([]);
    expect(broker.stsCalls()).toBeLessThanOrEqual(600);
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'STS allows 100 requests a second, and 300 callers come at once',
      promise: 'serves refused callers when they come back as `Retry-After` says',
      seen: `first second: ${tally(wave.answers)}; within a minute: all 300 served, at most 600 AssumeRole`,
    });
  });
});

describe('an issuer', () => {
  it('with a clock that is 5 minutes ahead of that of the broker', async ({ task }) => {
    const clock = { aheadMs: 5 * MINUTE_MS };
    await broker.close();
    const issuer = await createTestIssuer({ now: () => Date.now() + clock.aheadMs });
    await start({ config: CONFIG, issuer });
    const during = await watched.askAll(subjects('user', 10));
    const named = broker
      .auditLines()
      .filter(({ reason, why }) => `${reason} ${JSON.stringify(why)}` === ISSUED_LATER);
    clock.aheadMs = 0;
    const after = await watched.askAll(subjects('user', 10));
    await issuer.close();

    watched.expectPromisesKept();
    showInTable(task, {
      fault: "the broker's clock is 5 minutes behind that of an issuer",
      promise: 'names the cause in the audit log',
      seen: `10 at once: ${tally(during)}, ${named.length} audit lines with \`${ISSUED_LATER}\`; after it: ${tally(after)}`,
    });
  });
});
