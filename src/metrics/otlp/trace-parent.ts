/** Reads the `traceparent` of a caller (https://www.w3.org/TR/trace-context/#traceparent-header). */

export interface TraceParent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
}

const VERSION_00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 1;

/** Returns undefined for a header that is malformed, or whose trace the caller does not record. */
export function parseTraceParent(header: string | null): TraceParent | undefined {
  const [, traceId = '', spanId = '', flags = ''] = VERSION_00.exec(header ?? '') ?? [];
  const isRecorded = (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED;
  return isRecorded && /[1-9a-f]/.test(traceId) && /[1-9a-f]/.test(spanId)
    ? { traceId, spanId }
    : undefined;
}
