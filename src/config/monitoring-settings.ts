/** The settings of metrics and traces. */

/** A port of its own, on which Prometheus asks for `/metrics`. */
export interface MetricsSettings {
  /** From 1 to 65535. */
  readonly port: number;
  /** Address or name of this machine that the port is opened on. */
  readonly host: string;
}

export interface TelemetrySettings {
  readonly otlp: OtlpSettings;
}

/** Where traces and metrics are pushed to, as OTLP over HTTP. */
export interface OtlpSettings {
  /** Base URL without a trailing slash; `/v1/traces` and `/v1/metrics` are appended. */
  readonly endpoint: string;
  /**
   * The name of the environment variable that holds the headers. Only its name is here: the headers
   * hold a secret, and the config is hashed, compiled to a file and printed.
   */
  readonly headersFrom?: string;
  /** How many of the requests are traced, from 0 to 1. */
  readonly sampleRatio: number;
}
