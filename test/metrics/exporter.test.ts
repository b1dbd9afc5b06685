/** What is pushed to a collector when it is slow, silent or refuses: how often, how much, and who waits. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuditLine } from '../../src/audit/line.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { createBrokerMetrics } from '../../src/metrics/broker-metrics.ts';
import { createMonitoring } from '../../src/metrics/monitoring.ts';
import { createExporter, type Exporter } from '../../src/metrics/otlp/exporter.ts';
import { createPost } from '../../src/metrics/otlp/post.ts';
import type { OtlpSpan } from '../../src/metrics/otlp/request-spans.ts';
import { createRequestTracing } from '../../src/metrics/trace-requests.ts';
import { SIMPLE_CONFIG } from '../support/broker.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { spansOf } from '../support/otlp.ts';

const span = (n: number): OtlpSpan => ({
  traceId: String(n).padStart(32, '0'),
  spanId: String(n).padStart(16, '0'),
  name: 'exchange native',
  kind: 2,
  startTimeUnixNano: '1763923500000000000',
  endTimeUnixNano: '1763923500000000000',
  attributes: [],
  status: {},
});

const LINE: AuditLine = {
  version: 1,
  time: '2026-11-23T18:45:00.104Z',
  requestId: 'id',
  surface: 'native',
  decision: 'granted',
  configRevision: 'c81f',
  totalMs: 1,
};

let collector: Collector;

beforeEach(async () => {
  collector = await startCollector();
});

afterEach(async () => {
  await collector.close();
});

function startExporter(timeoutMs = 5000) {
  const problems: string[] = [];
  const clock = { nowMs: 1000 };
  const { registry } = createBrokerMetrics();
  const exporter = createExporter({
    post: createPost({ endpoint: collector.url, headers: {}, fetch }),
    readRegistry: () => registry,
    resource: [],
    timeoutMs,
    now: () => clock.nowMs,
    random: () => 1,
    observe: (event) => void problems.push('problem' in event ? event.problem : event.kind),
  });
  const pushedIds = () => spansOf(collector.pushed).map(({ spanId }) => Number(spanId));
  return { clock, exporter, pushedIds, problems };
}

describe('the exporter', () => {
  it('keeps the newest 4,096 spans for a collector that fails, and pushes the oldest of them first', async () => {
    const { clock, exporter, pushedIds } = startExporter();
    collector.answer = 503;
    exporter.add([span(0)]);
    await exporter.push();
    for (let n = 1; n <= 5000; n += 1) exporter.add([span(n)]);

    expect(exporter.waiting()).toBe(4096);
    collector.answer = 200;
    clock.nowMs += 1000;
    await exporter.push();
    expect(pushedIds().slice(0, 3)).toEqual([0, 905, 906]);
    expect(pushedIds()).toHaveLength(1 + 512);
  });

  it.each([
    [400, 0],
    [401, 0],
    [302, 0],
    [429, 1],
    [503, 1],
  ])('after an answer with %i has %i of the spans left to push again', async (status, left) => {
    const { exporter } = startExporter();
    collector.answer = status;
    exporter.add([span(1)]);
    await exporter.push();

    expect(exporter.waiting()).toBe(left);
  });

  it('pushes nothing for a while after a failure', async () => {
    const { clock, exporter, pushedIds } = startExporter();
    collector.answer = 503;
    exporter.add([span(1)]);
    await exporter.push();
    collector.answer = 200;
    clock.nowMs += 999;
    await exporter.push();
    expect(pushedIds()).toEqual([1]);

    clock.nowMs += 1;
    await exporter.push();
    expect(pushedIds()).toEqual([1, 1]);
  });

  it('keeps no more while a push is under way that fails', async () => {
    const { exporter } = startExporter();
    collector.answer = 503;
    exporter.add([span(0)]);
    const push = exporter.push();
    for (let n = 1; n <= 4096; n += 1) exporter.add([span(n)]);
    await push;

    expect(exporter.waiting()).toBe(4096);
  });

  it('pushes nothing after a push that failed, though somebody waits for the next', async () => {
    const { exporter, pushedIds } = startExporter();
    collector.answer = 503;
    exporter.add([span(1)]);
    const first = exporter.push();
    exporter.add([span(2)]);
    await Promise.all([first, exporter.push()]);

    expect(pushedIds()).toEqual([1]);
    expect(exporter.waiting()).toBe(2);
  });

  it('gives up a push without an answer after its time, and says so', async () => {
    const { exporter, problems } = startExporter(50);
    collector.answer = 'silence';
    exporter.add([span(1)]);
    await exporter.push();

    expect(problems).toEqual(['no answer within 50 ms']);
    expect(exporter.waiting()).toBe(1);
  });

  it('makes one push at a time, with all that was added meanwhile in the next', async () => {
    const { exporter } = startExporter();
    exporter.add([span(1)]);
    const pushes = [exporter.push()];
    for (const n of [2, 3, 4]) {
      exporter.add([span(n)]);
      pushes.push(exporter.push());
    }
    await Promise.all(pushes);
    const ofTraces = collector.pushed.filter(({ path }) => path === '/v1/traces');

    expect(ofTraces.map((one) => spansOf([one]).length)).toEqual([1, 3]);
  });

  it('reads no answer that does not end', async () => {
    let pulls = 0;
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls += 1;
        controller.enqueue(new Uint8Array(8192));
        if (pulls >= 100) controller.close();
      },
      cancel() {
        isCancelled = true;
      },
    });
    const fetch = async () => new Response(endless);
    const post = createPost({ endpoint: collector.url, headers: {}, fetch });

    expect(await post('/v1/traces', {}, 1000)).toEqual({ outcome: 'accepted' });
    await vi.waitFor(() => expect(isCancelled).toBe(true));
    expect(pulls).toBeLessThan(10);
  });

  it('uses its connections again, though the end of an answer comes later than its beginning', async () => {
    const { exporter } = startExporter();
    for (let n = 0; n < 40; n += 1) {
      exporter.add([span(n)]);
      await exporter.push();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }

    expect(collector.pushed).toHaveLength(80);
    expect(collector.connections()).toBeLessThan(20);
  });
});

describe('a request', () => {
  const SILENT = new Promise<void>(() => {});

  async function answerWith(exporter: Partial<Exporter>, pushWithinMs?: number) {
    const tracing = createRequestTracing({
      exporter: { add: () => {}, waiting: () => 0, push: () => SILENT, ...exporter },
      sampleRatio: 1,
      ...(pushWithinMs === undefined ? {} : { pushWithinMs }),
      random: () => 0,
      randomHex: (bytes) => '0'.repeat(2 * bytes),
    });
    const record = tracing.recordAudit(async () => {});
    const fetch = tracing.fetch(async () => {
      await record(LINE);
      return new Response('credentials');
    });
    const startedAt = performance.now();
    const response = await fetch(new Request('http://localhost/'), {});
    return { text: await response.text(), ms: performance.now() - startedAt };
  }

  it('waits for a push that never ends no longer than it may', async () => {
    const { text, ms } = await answerWith({}, 100);

    expect(text).toBe('credentials');
    expect(ms).toBeGreaterThan(90);
  });

  it('waits for no push where a timer pushes, however much waits', async () => {
    const { text } = await answerWith({ waiting: () => 4096 });

    expect(text).toBe('credentials');
  });

  it.each<[string, Partial<Exporter>]>([
    ['takes no span', { add: () => fail() }],
    ['cannot push', { push: () => Promise.reject(new Error('broken')) }],
    ['cannot begin a push', { push: () => fail() }],
  ])('is answered by an exporter that %s', async (_what, exporter) => {
    expect((await answerWith(exporter, 100)).text).toBe('credentials');
  });
});

describe('a broker that stops', () => {
  it('waits two seconds for a silent collector, and no longer', async () => {
    collector.answer = 'silence';
    const base = SIMPLE_CONFIG.replace('{{issuer}}', 'https://login.example.com')
      .replace('{{sts}}', 'sts.example.com')
      .replace('{{oss}}', 'https://oss.example.com');
    const text = `${base}telemetry: { otlp: { endpoint: "${collector.url}" } }\n`;
    const { config } = loadConfig({ text, file: 'broker.yaml', environment: {} });
    const monitoring = createMonitoring(config, {
      now: Date.now,
      random: () => 0,
      randomHex: (bytes) => '0'.repeat(2 * bytes),
      fetch,
      environment: {},
      observe: () => {},
      isOnFunctionCompute: false,
    });
    const startedAt = performance.now();
    await monitoring.close();

    expect(performance.now() - startedAt).toBeGreaterThan(1900);
    expect(performance.now() - startedAt).toBeLessThan(4500);
  });
});

function fail(): never {
  throw new Error('broken');
}
