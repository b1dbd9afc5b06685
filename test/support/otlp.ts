/** Reads OTLP in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
import type { Pushed } from './collector.ts';
import { memberAt, toObject } from './declared.ts';
import { keyOf } from './exposition.ts';

type Member = Readonly<Record<string, unknown>>;

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Member;
  readonly links: readonly Member[];
  readonly status: Member;
}

/** All spans, in the order in which they were pushed. */
export function spansOf(pushed: readonly Pushed[]): readonly Span[] {
  return listsOf(pushed, '/v1/traces', ['resourceSpans', 'scopeSpans', 'spans']).map((span) => ({
    traceId: hex(span['traceId'], 32),
    spanId: hex(span['spanId'], 16),
    parentSpanId: span['parentSpanId'] === undefined ? undefined : hex(span['parentSpanId'], 16),
    name: String(span['name']),
    kind: Number(span['kind']),
    startMs: milliseconds(span['startTimeUnixNano']),
    endMs: milliseconds(span['endTimeUnixNano']),
    attributes: readAttributes(span['attributes']),
    links: toList(span['links']).map(toObject),
    status: toObject(span['status']),
  }));
}

/** The points of one metric in the last push of metrics, by their labels; those of zero left out. */
export function pointsOf(
  pushed: readonly Pushed[],
  name: string,
): Readonly<Record<string, Member>> {
  const last = pushed.filter(({ path }) => path === '/v1/metrics').slice(-1);
  const metric = listsOf(last, '/v1/metrics', ['resourceMetrics', 'scopeMetrics', 'metrics']).find(
    (one) => one['name'] === `oss_token_broker_${name}`,
  );
  const kind = ['sum', 'gauge', 'histogram'].find((one) => metric?.[one] !== undefined) ?? '';
  const points = toList(memberAt(metric, [kind, 'dataPoints'])).map(toObject);
  return Object.fromEntries(
    points
      .filter((point) => point['asDouble'] !== 0)
      .map((point) => [keyOf(readAttributes(point['attributes'])), point] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

export function resourceOf({ body }: Pushed): Member {
  const [first] = Object.values(toObject(body)).flatMap(toList);
  return readAttributes(memberAt(first, ['resource', 'attributes']));
}

function listsOf(pushed: readonly Pushed[], path: string, names: readonly string[]): Member[] {
  let found: readonly unknown[] = pushed.filter((one) => one.path === path).map(({ body }) => body);
  for (const name of names) found = found.flatMap((one) => toList(toObject(one)[name]));
  return found.map(toObject);
}

function readAttributes(list: unknown): Member {
  return Object.fromEntries(
    toList(list).map((attribute) => {
      const { key, value } = toObject(attribute);
      return [String(key), Object.values(toObject(value))[0]];
    }),
  );
}

function hex(value: unknown, digits: number): string {
  const text = String(value);
  if (!new RegExp(`^[0-9a-f]{${digits}}$`).test(text)) throw new Error(`${text} is no id`);
  return text;
}

/** Nanoseconds are text, since no number of JSON holds them. */
function milliseconds(value: unknown): number {
  if (typeof value !== 'string' || !/^\d{19}$/.test(value)) throw new Error('this is no time');
  return Number(BigInt(value) / 1_000_000n);
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
