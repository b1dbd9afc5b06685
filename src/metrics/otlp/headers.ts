/** Reads the headers for the collector from the environment. */
import type { OtlpSettings } from '../../config/monitoring-settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A token of RFC 9110 section 5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VISIBLE = /^[ -~]*$/;
/** What the exporter sets, and what would change how the request is read. */
const RESERVED = new Set([
  'content-type',
  'content-length',
  'host',
  'connection',
  'transfer-encoding',
]);

/** Says why the headers cannot be used, for the operator; undefined if they can be. Shows none of them. */
export function findOtlpProblem(
  settings: OtlpSettings | undefined,
  environment: Environment,
): string | undefined {
  if (settings?.headersFrom === undefined) return undefined;
  const { headersFrom } = settings;
  const text = environment[headersFrom] ?? '';
  if (text === '') return `the environment variable ${headersFrom} is not set`;
  return parseHeaders(text) === undefined
    ? `the environment variable ${headersFrom} is not like name=value,name=value, with values in percent-encoding`
    : undefined;
}

/** The headers of `headersFrom`. Throws what findOtlpProblem finds. */
export function readOtlpHeaders(
  settings: OtlpSettings,
  environment: Environment,
): Readonly<Record<string, string>> {
  const problem = findOtlpProblem(settings, environment);
  if (problem !== undefined) throw new Error(problem);
  if (settings.headersFrom === undefined) return {};
  return parseHeaders(environment[settings.headersFrom] ?? '') ?? {};
}

/**
 * The form of `OTEL_EXPORTER_OTLP_HEADERS`: W3C Baggage without its metadata
 * (https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables).
 */
function parseHeaders(text: string): Readonly<Record<string, string>> | undefined {
  const pairs = text.split(',').map((pair) => {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, at)).trim().toLowerCase();
    const value = decode(pair.slice(at + 1).trim());
    const isUsable = NAME.test(name) && !RESERVED.has(name) && value !== undefined;
    return isUsable && VISIBLE.test(value) ? ([name, value] as const) : undefined;
  });
  const good = pairs.filter((pair) => pair !== undefined);
  return good.length === pairs.length ? Object.fromEntries(good) : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
