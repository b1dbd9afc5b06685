/** Pushes traces and metrics to the collector: together, one push at a time, and with pauses while it fails. */
import { createBackoff } from '../../lib/backoff.ts';
import type { Observe } from '../../observe/event.ts';
import type { BrokerMetrics } from '../broker-metrics.ts';
import type { OtlpAttribute } from './attributes.ts';
import { encodeMetrics } from './encode-metrics.ts';
import type { Post, Posted } from './post.ts';
import type { OtlpSpan } from './request-spans.ts';

export interface Exporter {
  readonly add: (spans: readonly OtlpSpan[]) => void;
  /** How many spans wait. */
  readonly waiting: () => number;
  /** Resolves once what was added before is pushed, or cannot be. Never rejects. */
  readonly push: () => Promise<void>;
}

/** Of some 500 bytes each. Beyond it the oldest go. */
const MAX_WAITING_SPANS = 4096;
/** The most in one push. */
export const MAX_PUSHED_SPANS = 512;
const SCOPE = { name: 'oss-token-broker' };

export function createExporter(options: {
  readonly post: Post;
  readonly readRegistry: () => BrokerMetrics['registry'];
  /** Describes this instance. */
  readonly resource: readonly OtlpAttribute[];
  /** How long one push may take. */
  readonly timeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  readonly observe: Observe;
}): Exporter {
  const { post, readRegistry, timeoutMs, now, random, observe } = options;
  const resource = { attributes: options.resource };
  const startedAtMs = now();
  const backoff = createBackoff({ now, random });
  let waiting: OtlpSpan[] = [];
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function keep(spans: readonly OtlpSpan[]): void {
    waiting = [...waiting, ...spans].slice(-MAX_WAITING_SPANS);
  }

  async function pushSpans(): Promise<Posted> {
    const spans = waiting.slice(0, MAX_PUSHED_SPANS);
    if (spans.length === 0) return { outcome: 'accepted' };
    waiting = waiting.slice(spans.length);
    const body = { resourceSpans: [{ resource, scopeSpans: [{ scope: SCOPE, spans }] }] };
    const posted = await post('/v1/traces', body, timeoutMs);
    // in front again: the oldest go first
    if (posted.outcome === 'failed' && !posted.isFinal) {
      waiting = [...spans, ...waiting].slice(-MAX_WAITING_SPANS);
    }
    return posted;
  }

  async function pushMetrics(): Promise<Posted> {
    const metrics = await encodeMetrics(readRegistry(), { startedAtMs, nowMs: now() });
    const body = { resourceMetrics: [{ resource, scopeMetrics: [{ scope: SCOPE, metrics }] }] };
    return post('/v1/metrics', body, timeoutMs);
  }

  async function pushAll(): Promise<void> {
    const posted = await Promise.all([pushSpans(), pushMetrics()]);
    const failed = posted.find((one) => one.outcome === 'failed');
    if (failed?.outcome === 'failed') {
      backoff.fail();
      observe({ kind: 'export_failed', problem: failed.problem });
      return;
    }
    if (backoff.failures() > 0) observe({ kind: 'export_works' });
    backoff.reset();
  }

  function start(): Promise<void> {
    const started = pushAll()
      .catch(() => {})
      .finally(() => {
        if (running === started) running = undefined;
      });
    running = started;
    return started;
  }

  function startNext(): Promise<void> {
    next = undefined;
    return backoff.leftMs() > 0 ? Promise.resolve() : start();
  }

  return {
    add: keep,
    waiting: () => waiting.length,
    push() {
      if (backoff.leftMs() > 0) return Promise.resolve();
      if (running === undefined) return start();
      // what was added since the running push began goes with the one after it
      next ??= running.then(startNext);
      return next;
    },
  };
}
