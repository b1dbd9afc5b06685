/** `/metrics` of the built broker says what its audit lines say. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker } from '../support/broker.ts';
import { builtBundle } from '../support/built-bundle.ts';
import { freePort } from '../support/bundle.ts';
import { toObject } from '../support/declared.ts';
import { keyOf, type Sample, scrape, valuesOf } from '../support/exposition.ts';
import { type Monitored, sendOneOfMany, startMonitored } from '../support/monitored.ts';

const REQUESTS = 600;
const AT_ONCE = 40;
/** Other tests may take most of the machine. */
const SLOWEST_MS = 60_000;

type Line = Readonly<Record<string, unknown>>;

/** Adds `amount` for each line that `labelsOf` gives labels. */
function tally(
  lines: readonly Line[],
  labelsOf: (line: Line) => Readonly<Record<string, unknown>> | undefined,
  amountOf: (line: Line) => number = () => 1,
): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const line of lines) {
    const labels = labelsOf(line);
    if (labels === undefined) continue;
    sums.set(keyOf(labels), (sums.get(keyOf(labels)) ?? 0) + amountOf(line));
  }
  const counted = [...sums].filter(([, sum]) => sum !== 0);
  return Object.fromEntries(counted.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const decisionOf = (line: Line) => ({
  decision: line['decision'],
  reason: line['reason'],
  surface: line['surface'],
  issuer: line['issuerName'] ?? toObject(line['why'])['issuerName'],
  grant: line['grant'],
});

const total = (samples: readonly Sample[]) =>
  Object.values(valuesOf(samples, 'decisions_total')).reduce((sum, value) => sum + value, 0);

describe('the metrics of the built broker', () => {
  let monitored: Monitored;
  const scraped: (readonly Sample[])[] = [];
  let throttled = 0;

  beforeAll(async () => {
    monitored = await startMonitored();
    const { broker, metricsPort } = monitored;
    let sent = 0;
    let isDone = false;
    const caller = async () => {
      while (sent < REQUESTS) {
        sent += 1;
        await sendOneOfMany(broker, sent);
      }
    };
    const scraper = async () => {
      while (!isDone) scraped.push(await scrape(metricsPort));
    };
    const scraping = scraper();
    await Promise.all(Array.from({ length: AT_ONCE }, caller)).finally(() => {
      isDone = true;
    });
    await scraping;
    const before = broker.stsCalls();
    broker.simulator.sts.faults.set({ kind: 'throttling' });
    await broker.ask({ claims: { sub: 'late' }, body: { Grant: 'user-files' } });
    throttled = broker.stsCalls() - before;
    broker.simulator.sts.faults.set(undefined);
    // the broker's standard output is a pipe, which may come after its answers
    await vi.waitFor(async () => {
      expect(broker.auditLines().length).toBe(total(await scrape(metricsPort)));
    }, 10_000);
    scraped.push(await scrape(metricsPort));
  }, SLOWEST_MS);

  afterAll(async () => {
    await monitored.broker.close();
  });

  const last = () => scraped.at(-1) ?? [];
  const lines = () => monitored.broker.auditLines();

  it('add up to the audit lines exactly: decisions by reason, surface, issuer and grant', () => {
    const expected = tally(lines(), decisionOf);

    expect(lines()).toHaveLength(REQUESTS + 1);
    // the load decided in at least so many ways
    expect(Object.keys(expected).length).toBeGreaterThanOrEqual(9);
    expect(valuesOf(last(), 'decisions_total')).toEqual(expected);
    expect(valuesOf(last(), 'refusals_total')).toEqual(
      tally(lines(), ({ reason }) => (reason === undefined ? undefined : { reason })),
    );
  });

  it('add up to the audit lines exactly: times, credentials and limits', () => {
    const outcome = ({ decision, surface }: Line) => ({ decision, surface });
    const hit = ({ cacheHit }: Line) =>
      cacheHit === undefined ? undefined : { from: cacheHit === true ? 'cache' : 'sts' };
    const limited = ({ reason, why }: Line) =>
      reason === 'rate_limited' ? { scope: toObject(why)['scope'] } : undefined;
    const sums = (name: string) =>
      Object.entries(valuesOf(last(), name)).map(([key, value]) => [key, Math.round(value * 1000)]);
    const milliseconds = (member: string) => (line: Line) => Number(line[member]);

    expect(valuesOf(last(), 'request_duration_seconds_count')).toEqual(tally(lines(), outcome));
    expect(sums('request_duration_seconds_sum')).toEqual(
      Object.entries(tally(lines(), outcome, milliseconds('totalMs'))),
    );
    for (const step of ['verify', 'sts']) {
      const member = `${step}Ms`;
      const ofStep = (line: Line) => (line[member] === undefined ? undefined : { step });
      const counts = valuesOf(last(), 'step_duration_seconds_count');
      expect(counts).toMatchObject(tally(lines(), ofStep));
      expect(Object.fromEntries(sums('step_duration_seconds_sum'))).toMatchObject(
        tally(lines(), ofStep, milliseconds(member)),
      );
    }
    expect(valuesOf(last(), 'credentials_total')).toEqual(tally(lines(), hit));
    expect(Object.keys(tally(lines(), hit))).toEqual(['from=cache', 'from=sts']);
    expect(valuesOf(last(), 'rate_limit_refusals_total')).toEqual(tally(lines(), limited));
    expect(Object.keys(tally(lines(), limited))).toEqual(['scope=subject']);
  });

  it('count every throttled call to STS once', () => {
    expect(throttled).toBeGreaterThan(0);
    expect(valuesOf(last(), 'sts_throttles_total')).toEqual({ '': throttled });
  });

  it('only rise while they are scraped', () => {
    const totals = scraped.map(total);

    expect(scraped.length).toBeGreaterThan(5);
    expect(totals).toEqual([...totals].sort((a, b) => a - b));
    expect(totals[0]).toBeLessThan(REQUESTS / 2);
  });

  it('have labels of names in the config and of fixed sets only', () => {
    const text = JSON.stringify(last());

    for (const secret of ['user-1', '127.0.0.1', 'elsewhere', 'STS.']) {
      expect(text).not.toContain(secret);
    }
    expect(new Set(last().map(({ labels }) => labels['grant'] ?? ''))).toEqual(
      new Set(['', 'user-files', 'reports']),
    );
    expect(valuesOf(last(), 'config_info')).toEqual({
      [`revision=${String(lines()[0]?.['configRevision']).slice(0, 12)}`]: 1,
    });
  });

  it('are on a port of their own, which answers nothing else', async () => {
    const { broker, metricsPort } = monitored;
    const at = (path: string, method = 'GET') =>
      fetch(`http://127.0.0.1:${metricsPort}${path}`, { method });

    expect((await fetch(`${broker.url}/metrics`)).status).toBe(404);
    expect((await at('/v1/credentials')).status).toBe(404);
    expect((await at('/')).status).toBe(404);
    expect((await at('/metrics', 'POST')).status).toBe(405);
    expect((await at('/metrics', 'HEAD')).status).toBe(200);
    expect((await at('/metrics')).headers.get('content-type')).toContain('text/plain');
  });
});

describe('the port of the metrics', () => {
  it('is closed to other machines by default, and open where the config says so', async () => {
    // Linux answers on every address of 127.0.0.0/8, if the port is open on all addresses
    const elsewhere = (port: number) => fetch(`http://127.0.0.2:${port}/metrics`);
    const [byDefault, wanted] = [await freePort(), await freePort()];
    const brokers = await Promise.all(
      [`{ port: ${byDefault} }`, `{ port: ${wanted}, host: 0.0.0.0 }`].map((metrics) =>
        startTestBroker({
          config: `${SIMPLE_CONFIG}metrics: ${metrics}\n`,
          bundle: builtBundle(),
        }),
      ),
    );

    expect((await fetch(`http://127.0.0.1:${byDefault}/metrics`)).status).toBe(200);
    await expect(elsewhere(byDefault)).rejects.toThrow('fetch failed');
    expect((await elsewhere(wanted)).status).toBe(200);
    for (const broker of brokers) await broker.close();
  });
});

describe('a built broker without metrics', () => {
  it('has all code for them in one file, whose absence nobody notices until it is wanted', async () => {
    const { node, main } = builtBundle();
    const folder = mkdtempSync(join(tmpdir(), 'broker-bundle-'));
    const names = readdirSync(dirname(main));
    const holds = (mark: string) =>
      names.filter(
        (name) =>
          name.endsWith('.cjs') && readFileSync(join(dirname(main), name), 'utf8').includes(mark),
      );
    for (const name of names.filter((one) => !one.startsWith('monitoring.'))) {
      symlinkSync(join(dirname(main), name), join(folder, name));
    }
    const bundle = { node, main: join(folder, 'main.cjs') };
    const broker = await startTestBroker({ config: SIMPLE_CONFIG, bundle });
    const { status } = await broker.ask();
    await broker.close();
    const wanted = startTestBroker({ config: `${SIMPLE_CONFIG}metrics: { port: 1 }\n`, bundle });

    expect(holds('oss_token_broker_')).toEqual(['monitoring.cjs']);
    expect(holds('resourceSpans')).toEqual(['monitoring.cjs']);
    // a text of prom-client
    expect(holds('Missing mandatory help parameter')).toEqual(['monitoring.cjs']);
    expect(status).toBe(200);
    await expect(wanted).rejects.toThrow('monitoring.cjs');
    rmSync(folder, { recursive: true });
  });

  it('says which setting to change if the port of the metrics is in use', async () => {
    const broker = await startTestBroker();
    const port = Number(new URL(broker.url).port);
    const config = `${SIMPLE_CONFIG}metrics: { port: ${port} }\n`;
    const started = startTestBroker({ config, bundle: builtBundle() });

    await expect(started).rejects.toThrow(
      `port ${port} is in use by another program; stop that program, or set metrics.port to another port`,
    );
    await broker.close();
    expect(await freePort()).toBeGreaterThan(0);
  });
});
