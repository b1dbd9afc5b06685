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
import { followRetryAfter, newCallers, retryAfterMs, subjects, tally } from './answers.ts';
import { letClockRun, passTime, stopClock } from './clock.ts';
import { showInTable } from './matrix.ts';
import { type Watch, watch } from './promises.ts';

/** The longest `sts.timeout` of the configs in this file. */
const STS_DEADLINE_MS = 5000;
const CONFIG = SIMPLE_CONFIG.replace('timeout: 2s', 'timeout: 1s');
const MINUTE_MS = 60_000;
const STS_SKEW_MS = 20 * MINUTE_MS;
const CLOCK_HINT = "the broker's clock is more than 15 minutes off";
const ISSUED_LATER = 'token_not_yet_valid {"issuerName":"app","claim":"iat"}';

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
  { fault: 'STS answers 500 with JSON', of: { kind: 'json5xx', code: 'InternalError' } },
  { fault: 'a proxy answers 502 with HTML instead of STS', of: { kind: 'html5xx', status: 502 } },
  { fault: 'a captive portal answers 200 with HTML instead of STS', of: { kind: 'html200' } },
  {
    fault: 'STS sends its answer in small pieces past the deadline',
    of: { kind: 'slow', delayMs: 3000 },
  },
  { fault: 'STS accepts requests and never answers', of: { kind: 'hang' } },
  { fault: 'STS sends headers but never the body', of: { kind: 'halfAnswer' } },
  { fault: 'STS resets connections', of: { kind: 'reset' } },
];

describe('the circuit', () => {
  it.for(OUTAGES)('opens when $fault', async ({ fault, of }, { task }) => {
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
      promise:
        'callers get an answer within `sts.timeout`; later callers are refused at once, without asking STS',
      seen: `20 at once: ${tally(first)}; 20 more: ${tally(second)}, ${calls} AssumeRole; afterwards: ${tally(after)}`,
    });
  });
});

const THROTTLING: readonly { readonly fault: string; readonly of: Fault }[] = [
  { fault: 'STS throttles every request', of: { kind: 'throttling' } },
  { fault: 'STS throttles with a redirect (302)', of: { kind: 'redirect302', body: 'json' } },
];

describe('the share of STS', () => {
  it.for(THROTTLING)('is asked for slowly when $fault', async ({ fault, of }, { task }) => {
    broker.simulator.sts.faults.set(of);
    const first = await watched.askAll(subjects('first', 20));
    const callsBefore = broker.stsCalls();
    const second = await watched.askAll(subjects('second', 20));
    const calls = broker.stsCalls() - callsBefore;
    broker.simulator.sts.faults.set(undefined);
    passTime(Math.max(...retryAfterMs([...first, ...second])));
    const after = [await watched.ask('first-0'), ...(await watched.askAll(subjects('second', 19)))];

    // none, or those of one pause that ended meanwhile
    expect(calls).toBeLessThanOrEqual(5);
    watched.expectPromisesKept();
    showInTable(task, {
      fault,
      promise:
        'the broker pauses for a second or more, then asks with a few requests; whoever cannot wait that long is refused',
      seen: `20 at once: ${tally(first)}; 20 more: ${tally(second)}, at most 5 AssumeRole; afterwards: ${tally(after)}`,
    });
  });
});

describe('an STS fault', () => {
  it('of one connection is invisible to the caller', async ({ task }) => {
    const before = broker.stsCalls();
    const during = [];
    for (const name of subjects('user', 10)) {
      broker.simulator.sts.faults.once({ kind: 'reset' });
      during.push(await watched.ask(name));
    }
    const calls = broker.stsCalls() - before;

    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'STS closes a connection that the broker has kept open',
      promise: 'AssumeRole is sent once more within `sts.timeout`',
      seen: `10 callers: ${tally(during)}, ${calls} AssumeRole`,
    });
  });

  it('issues nothing when the answer has no usable credential', async ({ task }) => {
    broker.simulator.sts.faults.set({ kind: 'malformedCredentials', omit: ['SecurityToken'] });
    const incomplete = await watched.askAll(subjects('user', 10));
    broker.simulator.sts.faults.set({ kind: 'empty200' });
    const empty = await watched.askAll(subjects('user', 10));
    broker.simulator.sts.faults.set(undefined);
    passTime(Math.max(...retryAfterMs(empty)));
    const after = [await watched.ask('user-0'), ...(await watched.askAll(subjects('user', 10)))];

    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'STS answers 200 with half a credential or with an empty body',
      promise: 'nothing is issued or cached',
      seen: `half: ${tally(incomplete)}; empty: ${tally(empty)}; afterwards: ${tally(after)}`,
    });
  });

  it('lets equal requests share one flight while STS is slow or fails', async ({ task }) => {
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
      fault: 'one caller asks 100 times at once while STS is slow or fails',
      promise: 'equal requests share one flight to STS',
      seen: `slow: ${tally(during)}, ${slowCalls} AssumeRole; failing: ${tally(failed)}, at most 5 AssumeRole`,
    });
  });

  it('on half-open connections ends at the deadline', async ({ task }) => {
    await broker.close();
    const proxy = await startFreezingProxy(() => Number(new URL(broker.simulator.sts.url).port));
    const config = SIMPLE_CONFIG.replace('{{sts}}', `http://127.0.0.1:${proxy.port}`);
    await start({ config });
    // slow enough that all requests overlap and each gets its own connection
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
      fault: 'half-open connections: 10 connections to STS stay open but pass no more bytes',
      promise: 'the broker gives them up at the deadline and opens new ones',
      seen: `10 at once: ${tally(during)}; then: ${tally(after)}`,
    });
  });

  it('from a broker clock 20 minutes behind is named in the audit log', async ({ task }) => {
    // only the SDK reads the system clock, which it signs with; the rest of the broker follows this one
    broker.clock.offsetMs = STS_SKEW_MS;
    const during = await watched.askAll(subjects('user', 10));
    const named = broker.auditLines().filter(({ why }) => JSON.stringify(why).includes(CLOCK_HINT));
    broker.clock.offsetMs = 0;
    const after = await watched.askAll(subjects('user', 10));

    watched.expectPromisesKept();
    showInTable(task, {
      fault: "the broker's clock is 20 minutes behind the clock of STS",
      promise: 'the audit log names the cause; no restart is needed once the clock is right',
      seen: `10 at once: ${tally(during)}, ${named.length} audit lines with “${CLOCK_HINT}”; afterwards: ${tally(after)}`,
    });
  });

  it('of a minute lets 500 retrying callers send few requests to STS', async ({ task }) => {
    broker.simulator.sts.faults.set({ kind: 'json5xx', code: 'ServiceUnavailable' });
    const wave = await followRetryAfter(watched, { callers: newCallers('user', 500), seconds: 1 });
    const waveCalls = broker.stsCalls();
    const minute = await followRetryAfter(watched, { callers: wave.waiting, seconds: 60 });
    const probes = broker.stsCalls() - waveCalls;
    broker.simulator.sts.faults.set(undefined);
    const rest = await followRetryAfter(watched, { callers: minute.waiting, seconds: 90 });
    const waits = new Set(retryAfterMs(wave.answers));

    expect(waveCalls).toBeLessThanOrEqual(500);
    expect(waits.size).toBeGreaterThanOrEqual(4);
    expect(probes).toBeLessThanOrEqual(8);
    expect(rest.waiting).toEqual([]);
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'STS fails for a minute while 500 callers retry',
      promise: '`Retry-After` is spread, and one request at a time probes STS',
      seen: `first wave: ${tally(wave.answers)}, at least 4 different \`Retry-After\`; in the next minute: at most 8 AssumeRole; afterwards: all 500 served`,
    });
  });

  it('from its rate limit ends with every caller served', async ({ task }) => {
    broker.simulator.sts.faults.set({ kind: 'rateLimit', requestsPerSecond: 100 });
    const callers = newCallers('user', 300);
    const wave = await followRetryAfter(watched, { callers, seconds: 1 });
    const rest = await followRetryAfter(watched, { callers: wave.waiting, seconds: 60 });

    expect(rest.waiting).toEqual([]);
    expect(broker.stsCalls()).toBeLessThanOrEqual(600);
    watched.expectPromisesKept();
    showInTable(task, {
      fault: 'STS allows 100 requests a second, and 300 callers ask at once',
      promise: 'refused callers are served when they retry after `Retry-After`',
      seen: `first second: ${tally(wave.answers)}; within a minute: all 300 served, at most 600 AssumeRole`,
    });
  });
});

describe('an issuer clock', () => {
  it('5 minutes ahead is named in the audit log', async ({ task }) => {
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
      fault: "the broker's clock is 5 minutes behind the clock of an issuer",
      promise: 'the audit log names the cause',
      seen: `10 at once: ${tally(during)}, ${named.length} audit lines with \`${ISSUED_LATER}\`; afterwards: ${tally(after)}`,
    });
  });
});
