/** Puts metrics and traces together. It is a file of its own in the bundle, which is read only if the config turns one of them on. */
import type { Config } from '../config/config.ts';
import type { Observe } from '../observe/event.ts';
import { createMeter, type Reports, type WatchedReports } from './meter.ts';
import { toAttributes } from './otlp/attributes.ts';
import { createExporter, type Exporter } from './otlp/exporter.ts';
import { readOtlpHeaders } from './otlp/headers.ts';
import { createPost } from './otlp/post.ts';
import { createServeMetrics } from './serve-metrics.ts';
import { createRequestTracing, type Fetch } from './trace-requests.ts';

export interface Monitoring {
  /** Counts what is about no broker in particular. */
  readonly observe: Observe;
  /** Wraps what the broker of a config reports through. The metrics tell of the config once `begin` is called. */
  readonly watch: (config: Config, reports: Reports) => WatchedReports;
  /** Wraps the application, to trace its requests. */
  readonly trace: (fetch: Fetch) => Fetch;
  /** Answers the port of the metrics. */
  readonly serveMetrics: (request: Request) => Promise<Response>;
  /** Pushes what waits. Never rejects. */
  readonly close: () => Promise<void>;
}

export interface MonitoringOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  /** Makes this many random bytes, as hex digits. */
  readonly randomHex: (bytes: number) => string;
  readonly fetch: typeof fetch;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Receives the failures of the collector. */
  readonly observe: Observe;
  /** True: nothing scrapes the instance, and timers freeze between requests. */
  readonly isOnFunctionCompute: boolean;
}

const PUSH_EVERY_MS = 10_000;
const PUSH_TIMEOUT_MS = 5000;
/** On Function Compute an answer waits for the push, and for no longer than this. */
const PUSH_BEFORE_ANSWER_MS = 500;
const CLOSE_TIMEOUT_MS = 2000;

/** Throws if the headers for the collector cannot be used. */
export function createMonitoring(config: Config, options: MonitoringOptions): Monitoring {
  const { now, isOnFunctionCompute, random, randomHex } = options;
  const meter = createMeter({ now });
  const serveMetrics = createServeMetrics(meter);
  const { telemetry } = config;
  if (telemetry === undefined) {
    const { observe, watch } = meter;
    return { observe, watch, serveMetrics, trace: (fetch) => fetch, close: async () => {} };
  }

  const { endpoint, sampleRatio } = telemetry.otlp;
  const headers = readOtlpHeaders(telemetry.otlp, options.environment);
  const exporter = createExporter({
    post: createPost({ endpoint, headers, fetch: options.fetch }),
    readRegistry: meter.read,
    resource: describeInstance(options),
    timeoutMs: isOnFunctionCompute ? PUSH_BEFORE_ANSWER_MS : PUSH_TIMEOUT_MS,
    now,
    random,
    observe(event) {
      options.observe(event);
      meter.observe(event);
    },
  });
  const tracing = createRequestTracing({
    exporter,
    sampleRatio,
    ...(isOnFunctionCompute ? { pushWithinMs: PUSH_BEFORE_ANSWER_MS } : {}),
    random,
    randomHex,
  });
  const timer = isOnFunctionCompute ? undefined : setInterval(exporter.push, PUSH_EVERY_MS);
  timer?.unref();
  return {
    observe: meter.observe,
    watch(current, reports) {
      const watched = meter.watch(current, reports);
      return { ...watched, recordAudit: tracing.recordAudit(watched.recordAudit) };
    },
    serveMetrics,
    trace: tracing.fetch,
    async close() {
      clearInterval(timer);
      await pushTheRest(exporter, now() + CLOSE_TIMEOUT_MS, now);
    },
  };
}

/** Ends early if a push takes nothing away. */
async function pushTheRest(exporter: Exporter, endsAtMs: number, now: () => number): Promise<void> {
  let before: number;
  do {
    before = exporter.waiting();
    const late = new Promise((resolve) =>
      setTimeout(resolve, Math.max(0, endsAtMs - now())).unref(),
    );
    await Promise.race([exporter.push(), late]);
  } while (exporter.waiting() > 0 && exporter.waiting() < before && now() < endsAtMs);
}

/** https://opentelemetry.io/docs/specs/semconv/resource/ */
function describeInstance({ environment, isOnFunctionCompute, randomHex }: MonitoringOptions) {
  return toAttributes({
    'service.name': 'oss-token-broker',
    'service.instance.id': environment['FC_INSTANCE_ID'] ?? randomHex(16),
    ...(isOnFunctionCompute
      ? {
          'cloud.provider': 'alibaba_cloud',
          'cloud.region': environment['FC_REGION'],
          'faas.name': environment['FC_FUNCTION_NAME'],
        }
      : {}),
  });
}
