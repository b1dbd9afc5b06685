/** Turns an audit line into spans: one for the request, and one for each step whose time the line has. */
import type { AuditLine } from '../../audit/line.ts';
import { type OtlpAttribute, toAttributes, toNanoseconds } from './attributes.ts';
import type { TraceParent } from './trace-parent.ts';

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly links?: readonly TraceParent[];
  readonly status: { readonly code?: number };
}

const INTERNAL = 1;
const SERVER = 2;
const CLIENT = 3;
const STATUS_ERROR = 2;
const SERVER_ERROR = 500;

/**
 * The line has how long its steps took, and when it ended. The request began `totalMs` before that,
 * with the verification, and STS came last. A caller's trace is linked and never continued, so that
 * nobody outside chooses the trace id, or what is recorded.
 */
export function toSpans(
  line: AuditLine,
  request: {
    readonly status: number;
    readonly caller: TraceParent | undefined;
    /** Makes this many random bytes, as hex digits. */
    readonly randomHex: (bytes: number) => string;
  },
): readonly OtlpSpan[] {
  const { status, caller, randomHex } = request;
  const { surface, decision, reason, issuerName, grant, cacheHit, verifyMs, stsMs, totalMs } = line;
  const endMs = Date.parse(line.time);
  const startMs = endMs - totalMs;
  const traceId = randomHex(16);
  const spanId = randomHex(8);
  const root: OtlpSpan = {
    traceId,
    spanId,
    name: `exchange ${surface}`,
    kind: SERVER,
    startTimeUnixNano: toNanoseconds(startMs),
    endTimeUnixNano: toNanoseconds(endMs),
    attributes: toAttributes({
      'http.response.status_code': status,
      'oss_token_broker.request_id': line.requestId,
      'oss_token_broker.surface': surface,
      'oss_token_broker.decision': decision,
      'oss_token_broker.reason': reason,
      'oss_token_broker.issuer': issuerName,
      'oss_token_broker.grant': grant,
      'oss_token_broker.cache_hit': cacheHit,
      'oss_token_broker.config_revision': line.configRevision,
    }),
    ...(caller === undefined ? {} : { links: [caller] }),
    status: status >= SERVER_ERROR ? { code: STATUS_ERROR } : {},
  };
  const toStep = (name: string, kind: number, [fromMs, toMs]: readonly [number, number]) => ({
    traceId,
    spanId: randomHex(8),
    parentSpanId: spanId,
    name,
    kind,
    startTimeUnixNano: toNanoseconds(fromMs),
    endTimeUnixNano: toNanoseconds(toMs),
    attributes: [],
    status: {},
  });
  // an answer from the cache is no call
  const stsKind = cacheHit === true ? INTERNAL : CLIENT;
  return [
    root,
    ...(verifyMs === undefined ? [] : [toStep('verify', INTERNAL, [startMs, startMs + verifyMs])]),
    ...(stsMs === undefined ? [] : [toStep('assume role', stsKind, [endMs - stsMs, endMs])]),
  ];
}
