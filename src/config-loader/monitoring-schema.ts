/** The schema of metrics and telemetry in `broker.yaml`, and their conversion to settings. */
import { z } from 'zod';
import type { MetricsSettings, TelemetrySettings } from '../config/monitoring-settings.ts';
import { hasNoQuery, isSafeUrl } from './schema-values.ts';

const PORT_WORDS = 'must be a port, a whole number from 1 to 65535';
const HOST_WORDS = 'must be an address or name of this machine, e.g. 127.0.0.1 or 0.0.0.0';
const HOST = /^[A-Za-z0-9.:-]{1,253}$/;
const ENDPOINT_WORDS =
  'must be the URL of a collector without a query, e.g. https://otlp.example.com or http://localhost:4318';
const HEADERS_WORDS =
  'must be the name of an environment variable, e.g. OTLP_HEADERS, and not the headers themselves';
const RATIO_WORDS = 'must be a number from 0 to 1';

export const metricsSchema = z
  .strictObject(
    {
      port: z
        .int({ error: PORT_WORDS })
        .min(1, { error: PORT_WORDS })
        .max(65_535, { error: PORT_WORDS })
        .describe('A port of its own for GET /metrics.'),
      host: z
        .string({ error: HOST_WORDS })
        .regex(HOST, { error: HOST_WORDS })
        .default('127.0.0.1')
        .describe('The address of this machine that the port is opened on.'),
    },
    { error: 'must be like { port: 9464 }' },
  )
  .describe('Metrics for Prometheus. Default: none.');

const otlpSchema = z
  .strictObject(
    {
      endpoint: z
        .string({ error: ENDPOINT_WORDS })
        .refine(isEndpoint, { error: ENDPOINT_WORDS })
        .describe(
          'The base URL of a collector; /v1/traces and /v1/metrics are appended. With http:// it is on this machine, or there are no headers.',
        ),
      headersFrom: z
        .string({ error: HEADERS_WORDS })
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, { error: HEADERS_WORDS })
        .optional()
        .describe(
          'The name of the environment variable with headers for the collector, as name=value,name=value with values in percent-encoding.',
        ),
      sampleRatio: z
        .number({ error: RATIO_WORDS })
        .min(0, { error: RATIO_WORDS })
        .max(1, { error: RATIO_WORDS })
        .default(1)
        .describe('The part of the requests that is traced, from 0 to 1.'),
    },
    { error: 'must be like { endpoint: https://otlp.example.com }' },
  )
  .refine(
    ({ endpoint, headersFrom }) => headersFrom === undefined || isSafeUrl(endpoint, hasNoQuery),
    {
      path: ['endpoint'],
      error: 'must begin with https:// if there are headers, since they hold a secret',
    },
  );

export const telemetrySchema = z
  .strictObject(
    { otlp: otlpSchema.describe('OTLP over HTTP, with JSON.') },
    { error: 'must be like { otlp: { endpoint: https://otlp.example.com } }' },
  )
  .describe('Traces and metrics of OpenTelemetry. Default: none.');

/** A collector beside the broker often has no certificate, and gets nothing secret without headers. */
function isEndpoint(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
  return isHttp && url.username === '' && url.password === '' && hasNoQuery(url);
}

/** Keeps what is on. */
export function buildMonitoring(input: {
  readonly metrics?: z.output<typeof metricsSchema> | undefined;
  readonly telemetry?: z.output<typeof telemetrySchema> | undefined;
}): { readonly metrics?: MetricsSettings; readonly telemetry?: TelemetrySettings } {
  const { metrics, telemetry } = input;
  return {
    ...(metrics === undefined ? {} : { metrics }),
    ...(telemetry === undefined ? {} : { telemetry: { otlp: buildOtlp(telemetry.otlp) } }),
  };
}

function buildOtlp(input: z.output<typeof otlpSchema>): TelemetrySettings['otlp'] {
  const { endpoint, headersFrom, sampleRatio } = input;
  return {
    endpoint: endpoint.replace(/\/$/, ''),
    ...(headersFrom === undefined ? {} : { headersFrom }),
    sampleRatio,
  };
}
