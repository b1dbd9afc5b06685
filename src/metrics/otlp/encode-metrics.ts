/** Turns the metrics of prom-client into those of OTLP. */
import type { BrokerMetrics } from '../broker-metrics.ts';
import { type OtlpAttribute, toAttributes, toNanoseconds } from './attributes.ts';

/** The parts of `getMetricsAsJSON` that are read here. */
type Metric = Awaited<ReturnType<BrokerMetrics['registry']['getMetricsAsJSON']>>[number];
type Value = Metric['values'][number];

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto */
export interface OtlpMetric {
  readonly name: string;
  readonly description: string;
  readonly unit?: string;
  readonly sum?: object;
  readonly gauge?: object;
  readonly histogram?: object;
}

interface Times {
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
}

/** Each point counts from the start of the process, so a push that is lost loses nothing. */
const CUMULATIVE = 2;

export async function encodeMetrics(
  registry: BrokerMetrics['registry'],
  time: { readonly startedAtMs: number; readonly nowMs: number },
): Promise<readonly OtlpMetric[]> {
  const times = {
    startTimeUnixNano: toNanoseconds(time.startedAtMs),
    timeUnixNano: toNanoseconds(time.nowMs),
  };
  const metrics = await registry.getMetricsAsJSON();
  return metrics
    .filter(({ values }) => values.length > 0)
    .map((metric) => encodeMetric(metric, times));
}

function encodeMetric(metric: Metric, times: Times): OtlpMetric {
  const { name, help: description, values } = metric;
  // `type` is an enum in the types of prom-client, and a word at run time
  const type = String(metric.type);
  if (type === 'histogram') {
    const dataPoints = groupByLabels(values).map((group) => encodeHistogram(group, times));
    const histogram = { aggregationTemporality: CUMULATIVE, dataPoints };
    return { name, description, unit: 's', histogram };
  }
  const toPoint = ({ labels, value }: Value) => ({
    attributes: toAttributes(labels),
    ...times,
    asDouble: value,
  });
  if (type === 'gauge') return { name, description, gauge: { dataPoints: values.map(toPoint) } };
  // what has a start needs no point before it counts anything
  const dataPoints = values.filter(({ value }) => value !== 0).map(toPoint);
  const sum = { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints };
  return { name, description, sum };
}

interface Group {
  readonly attributes: readonly OtlpAttribute[];
  readonly values: Value[];
}

/** All values of one histogram series. */
function groupByLabels(values: readonly Value[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const value of values) {
    const { le: _le, ...labels } = value.labels;
    const attributes = toAttributes(labels);
    const id = JSON.stringify(attributes);
    const group = groups.get(id) ?? { attributes, values: [] };
    groups.set(id, group);
    group.values.push(value);
  }
  return [...groups.values()];
}

/** Prometheus counts what is at most each bound; OTLP counts what is between two bounds. */
function encodeHistogram({ attributes, values }: Group, times: Times): object {
  const upTo = values.filter(({ labels }) => labels['le'] !== undefined);
  const bounds = upTo.map(({ labels }) => Number(labels['le'])).filter(Number.isFinite);
  const sumOf = (suffix: string) =>
    values.find((value) => nameOf(value).endsWith(suffix))?.value ?? 0;
  return {
    attributes,
    ...times,
    count: String(sumOf('_count')),
    sum: sumOf('_sum'),
    explicitBounds: bounds,
    bucketCounts: upTo.map(({ value }, index) => String(value - (upTo[index - 1]?.value ?? 0))),
  };
}

/** prom-client gives each value of a histogram a name, which its types leave out. */
function nameOf(value: Value): string {
  const name: unknown = Reflect.get(value, 'metricName');
  return typeof name === 'string' ? name : '';
}
