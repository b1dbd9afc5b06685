/** Traces requests: joins each request with the audit line of its decision, and has the spans pushed. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AuditLine, RecordAudit } from '../audit/line.ts';
import { withinDeadline } from '../lib/within-deadline.ts';
import { type Exporter, MAX_PUSHED_SPANS } from './otlp/exporter.ts';
import { toSpans } from './otlp/request-spans.ts';
import { parseTraceParent } from './otlp/trace-parent.ts';

export type Fetch = (request: Request, env: object) => Response | Promise<Response>;

export interface RequestTracing {
  readonly recordAudit: (recordAudit: RecordAudit) => RecordAudit;
  readonly fetch: (fetch: Fetch) => Fetch;
}

export function createRequestTracing(options: {
  readonly exporter: Exporter;
  /** How many of the requests are traced, from 0 to 1. */
  readonly sampleRatio: number;
  /**
   * How long an answer may wait for the push of its own trace, where the instance is frozen once it is
   * given. Absent: a timer pushes.
   */
  readonly pushWithinMs?: number;
  readonly random: () => number;
  readonly randomHex: (bytes: number) => string;
}): RequestTracing {
  const { exporter, sampleRatio, pushWithinMs, random, randomHex } = options;
  const requests = new AsyncLocalStorage<{ line?: AuditLine }>();

  /** Never rejects. */
  async function report(line: AuditLine, request: Request, status: number): Promise<void> {
    try {
      if (random() < sampleRatio) {
        const caller = parseTraceParent(request.headers.get('traceparent'));
        exporter.add(toSpans(line, { status, caller, randomHex }));
      }
      if (pushWithinMs !== undefined) {
        await withinDeadline(exporter.push(), pushWithinMs, () => new Error('too slow'));
      } else if (exporter.waiting() >= MAX_PUSHED_SPANS) {
        void exporter.push();
      }
    } catch {
      // an answer does not depend on who watches it
    }
  }

  return {
    recordAudit: (recordAudit) => (line) => {
      const traced = requests.getStore();
      if (traced !== undefined) traced.line = line;
      return recordAudit(line);
    },
    fetch: (fetch) => async (request, env) => {
      const traced: { line?: AuditLine } = {};
      const response = await requests.run(traced, () => fetch(request, env));
      if (traced.line !== undefined) await report(traced.line, request, response.status);
      return response;
    },
  };
}
