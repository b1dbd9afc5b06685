/** Traces and metrics that the built broker pushes to a collector. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Collector, startCollector } from '../support/collector.ts';
import { keyOf, scrape, valuesOf } from '../support/exposition.ts';
import { type Monitored, sendOneOfMany, startMonitored } from '../support/monitored.ts';
import { pointsOf, resourceOf, type Span, spansOf } from '../support/otlp.ts';

const TOKEN = 'Bearer s3cret-of-the-collector';
const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const INTERNAL = 1;
const SERVER = 2;
const CLIENT = 3;

let collector: Collector;

beforeAll(async () => {
  collector = await startCollector();
});

afterAll(async () => {
  await collector.close();
});

const telemetry = (more = '') =>
  `telemetry: { otlp: { endpoint: "${collector.url}", headersFrom: OTLP_HEADERS${more} } }\n`;
const HEADERS = {
  OTLP_HEADERS: `authorization=${encodeURIComponent(TOKEN)},x-tenant=storage`,
};

const requestIdOf = (span: Span) => span.attributes['oss_token_broker.request_id'];
const rootOf = (id: unknown) => spansOf(collector.pushed).find((span) => requestIdOf(span) === id);
const stepsOf = (root: Span | undefined) =>
  spansOf(collector.pushed).filter(({ parentSpanId }) => parentSpanId === root?.spanId);

describe('a function that pushes', () => {
  let monitored: Monitored;

  beforeAll(async () => {
    monitored = await startMonitored({ more: telemetry(), environment: HEADERS });
  }, 60_000);

  afterEach(() => {
    collector.answer = 200;
  });

  afterAll(async () => {
    await monitored.broker.close();
  });

  it('has pushed the trace of a request by the time that the answer is there', async () => {
    const { ask, auditLines } = monitored.broker;
    const { headers, status } = await ask({ body: { Grant: 'user-files' } });
    const id = headers.get('x-request-id');
    const root = rootOf(id);
    const line = await vi.waitFor(() => {
      const found = auditLines().find(({ requestId }) => requestId === id);
      expect(found).toBeDefined();
      return found ?? {};
    });
    const endMs = Date.parse(String(line['time']));
    const startMs = endMs - Number(line['totalMs']);

    expect(root).toMatchObject({ name: 'exchange native', kind: SERVER, startMs, endMs });
    expect(root?.parentSpanId).toBeUndefined();
    expect(root?.attributes).toEqual({
      'http.response.status_code': String(status),
      'oss_token_broker.request_id': id,
      'oss_token_broker.surface': 'native',
      'oss_token_broker.decision': 'granted',
      'oss_token_broker.issuer': 'app',
      'oss_token_broker.grant': 'user-files',
      'oss_token_broker.cache_hit': false,
      'oss_token_broker.config_revision': line['configRevision'],
    });
    expect(stepsOf(root)).toMatchObject([
      { name: 'verify', kind: INTERNAL, startMs, endMs: startMs + Number(line['verifyMs']) },
      { name: 'assume role', kind: CLIENT, startMs: endMs - Number(line['stsMs']), endMs },
    ]);
    expect(new Set(stepsOf(root).map(({ traceId }) => traceId))).toEqual(new Set([root?.traceId]));
  });

  it('has pushed metrics that add up to the audit lines', async () => {
    const { broker, metricsPort } = monitored;
    await Promise.all(Array.from({ length: 100 }, (_, n) => sendOneOfMany(broker, n)));
    // an answer may have waited for a push that began before it; this one is alone
    await broker.ask({ token: null });
    const scraped = await scrape(metricsPort);
    const lines = await vi.waitFor(() => {
      const total = Object.values(valuesOf(scraped, 'decisions_total')).reduce((a, b) => a + b);
      expect(broker.auditLines()).toHaveLength(total);
      return broker.auditLines();
    });
    const counted = new Map<string, number>();
    for (const { decision, surface } of lines) {
      const key = keyOf({ decision, surface });
      counted.set(key, (counted.get(key) ?? 0) + 1);
    }
    const points = pointsOf(collector.pushed, 'decisions_total');
    const times = pointsOf(collector.pushed, 'request_duration_seconds');

    expect(
      Object.fromEntries(Object.entries(points).map(([key, point]) => [key, point['asDouble']])),
    ).toEqual(valuesOf(scraped, 'decisions_total'));
    expect(new Map(Object.entries(times).map(([key, { count }]) => [key, Number(count)]))).toEqual(
      new Map([...counted].sort()),
    );
    for (const { count, bucketCounts, explicitBounds } of Object.values(times)) {
      const buckets = Array.isArray(bucketCounts) ? bucketCounts.map(Number) : [];
      expect(buckets).toHaveLength((Array.isArray(explicitBounds) ? explicitBounds.length : 0) + 1);
      expect(buckets.reduce((a, b) => a + b)).toBe(Number(count));
    }
  });

  it('sends the headers, and says which instance it is', () => {
    const [first] = collector.pushed;

    expect(first?.headers).toMatchObject({
      authorization: TOKEN,
      'x-tenant': 'storage',
      'content-type': 'application/json',
    });
    expect(first && resourceOf(first)).toEqual({
      'service.name': 'oss-token-broker',
      'service.instance.id': 'c-64f6cd87-1',
      'cloud.provider': 'alibaba_cloud',
      'cloud.region': 'cn-hangzhou',
      'faas.name': 'oss-token-broker',
    });
  });

  it('pushes no subject, claim, address, token or credential', () => {
    const text = JSON.stringify(collector.pushed.map(({ body }) => body));

    expect(text).toContain('token_malformed');
    for (const secret of ['user-1', '127.0.0.1', 'eyJ', 'STS.', 'elsewhere']) {
      expect(text).not.toContain(secret);
    }
  });

  it.each([
    ['links the trace of a caller that records it', '01', [CALLER]],
    ['ignores the trace of a caller that does not record it', '00', []],
  ])('%s, and continues neither', async (_what, flags, links) => {
    const traceparent = `00-${CALLER.traceId}-${CALLER.spanId}-${flags}`;
    const { headers } = await monitored.broker.ask({ token: null, headers: { traceparent } });
    const root = rootOf(headers.get('x-request-id'));

    expect(root?.links).toEqual(links);
    expect(root?.parentSpanId).toBeUndefined();
    expect(root?.traceId).not.toBe(CALLER.traceId);
  });

  it.each([
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
    `00-${'4'.repeat(5000)}-00f067aa0ba902b7-01`,
  ])('ignores the malformed traceparent %#', async (traceparent) => {
    const { headers } = await monitored.broker.ask({ token: null, headers: { traceparent } });

    expect(rootOf(headers.get('x-request-id'))?.links).toEqual([]);
  });

  it('answers all requests while the collector is silent, and makes few of them wait', async () => {
    collector.answer = 'silence';
    const before = collector.pushed.length;
    const times: number[] = [];
    const statuses = new Set<number>();
    for (let n = 0; n < 6; n += 1) {
      const startedAt = performance.now();
      const { status } = await monitored.broker.ask({ claims: { sub: `patient-${n}` } });
      times.push(performance.now() - startedAt);
      statuses.add(status);
    }

    expect(statuses).toEqual(new Set([400]));
    expect(Math.max(...times)).toBeGreaterThan(450);
    expect(Math.max(...times)).toBeLessThan(5000);
    const tried = collector.pushed.slice(before).filter(({ path }) => path === '/v1/traces');
    expect(tried.length).toBeLessThanOrEqual(2);
    const failures = valuesOf(await scrape(monitored.metricsPort), 'export_failures_total');
    expect(failures['']).toBeGreaterThanOrEqual(1);
  });

  it('keeps the traces of that time, and pushes them once the collector answers', async () => {
    collector.answer = 200;
    await vi.waitFor(
      async () => {
        await monitored.broker.ask({ token: null });
        const reasons = spansOf(collector.pushed).filter(
          ({ attributes }) => attributes['oss_token_broker.reason'] === 'ambiguous_grant',
        );
        // each is pushed again, since the collector was silent about the first push
        expect(new Set(reasons.map(requestIdOf)).size).toBeGreaterThanOrEqual(6);
      },
      { timeout: 20_000, interval: 500 },
    );
  });
});

describe('a function whose collector refuses', () => {
  it('answers as ever, follows no redirect, and shows no header in any output', async () => {
    const { broker } = await startMonitored({ more: telemetry(), environment: HEADERS });
    let errorOutput = '';
    broker.child?.stderr?.on('data', (chunk) => {
      errorOutput += String(chunk);
    });
    collector.answer = 302;
    const before = collector.pushed.length;
    const { status } = await broker.ask({ body: { Grant: 'user-files' } });
    await vi.waitFor(() => expect(errorOutput).toContain('do not reach the collector'));
    collector.answer = 200;
    await broker.close();

    expect(status).toBe(200);
    expect(errorOutput).toContain('is answered with 302');
    expect(collector.pushed.slice(before).map(({ path }) => path)).not.toContain('/other');
    expect(`${errorOutput}${broker.log.text}`).not.toContain('s3cret');
  });

  it.each([
    ['is missing', undefined, 'OTLP_HEADERS is not set'],
    ['is no list of headers', 's3cret', 'OTLP_HEADERS is not like name=value,name=value'],
    ['would change the request', 'host=s3cret', 'OTLP_HEADERS is not like'],
    ['has a line end', 'a=s3cret%0d%0ab', 'OTLP_HEADERS is not like'],
  ])('does not start if the variable %s, and does not show it', async (_what, text, problem) => {
    const environment = { OTLP_HEADERS: text };
    const error = await startMonitored({ more: telemetry(), environment }).catch(String);

    expect(error).toContain(`telemetry.otlp.headersFrom: the environment variable ${problem}`);
    expect(error).not.toContain('s3cret');
  });
});

describe('a server that pushes', () => {
  it('pushes by a timer, and what is left when it stops', async () => {
    const { broker } = await startMonitored({
      more: telemetry(),
      environment: { ...HEADERS, FC_FUNCTION_NAME: undefined },
    });
    const first = (await broker.ask({ token: null })).headers.get('x-request-id');
    expect(rootOf(first)).toBeUndefined();
    await vi.waitFor(() => expect(rootOf(first)).toBeDefined(), { timeout: 15_000 });

    const last = (await broker.ask({ token: null })).headers.get('x-request-id');
    broker.child?.kill('SIGTERM');
    await vi.waitFor(() => expect(rootOf(last)).toBeDefined(), { timeout: 5000 });
    await broker.close();
  });
});

describe('a function with a sample ratio of 0', () => {
  it('traces no request, and pushes metrics nevertheless', async () => {
    const { broker } = await startMonitored({
      more: telemetry(', sampleRatio: 0'),
      environment: HEADERS,
    });
    const before = collector.pushed.length;
    await broker.ask({ token: null });
    await broker.close();

    expect(collector.pushed.length).toBeGreaterThan(before);
    expect(spansOf(collector.pushed.slice(before))).toEqual([]);
    expect(pointsOf(collector.pushed, 'decisions_total')).toMatchObject({
      'decision=refused reason=token_missing surface=native': { asDouble: 1 },
    });
  });
});
