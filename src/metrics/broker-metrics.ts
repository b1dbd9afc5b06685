/** Every metric of the broker: its name, its labels, and what it means. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** In seconds. An answer from the cache takes about 1 ms; the time limits end at 30 s. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export type BrokerMetrics = ReturnType<typeof createBrokerMetrics>;

/**
 * Makes the metrics, all at zero. Labels hold names of the config and members of fixed sets, and
 * nothing that a caller or an issuer chose.
 */
export function createBrokerMetrics() {
  const registry = new Registry();

  function counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]) {
    return new Counter({
      name: `oss_token_broker_${name}`,
      help,
      labelNames,
      registers: [registry],
    });
  }
  function gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[]) {
    return new Gauge({ name: `oss_token_broker_${name}`, help, labelNames, registers: [registry] });
  }
  function seconds<Label extends string>(name: string, help: string, labelNames: readonly Label[]) {
    return new Histogram({
      name: `oss_token_broker_${name}`,
      help,
      labelNames,
      buckets: SECONDS,
      registers: [registry],
    });
  }

  return {
    registry,

    // from audit lines
    decisions: counter('decisions_total', 'Audit lines that were written.', [
      'decision',
      'reason',
      'surface',
      'issuer',
      'grant',
    ]),
    refusals: counter('refusals_total', 'Audit lines of refusals.', ['reason']),
    requestSeconds: seconds('request_duration_seconds', 'totalMs of audit lines.', [
      'decision',
      'surface',
    ]),
    stepSeconds: seconds('step_duration_seconds', 'verifyMs and stsMs of audit lines.', ['step']),
    credentials: counter('credentials_total', 'Credentials by where the answer of STS came from.', [
      'from',
    ]),
    rateLimited: counter('rate_limit_refusals_total', 'Refusals of a rate limit.', ['scope']),
    auditFailures: counter('audit_failures_total', 'Audit lines that could not be written.', []),

    // from events
    keyLoads: counter('issuer_key_loads_total', "Loads of an issuer's keys.", [
      'issuer',
      'outcome',
    ]),
    keys: gauge('issuer_keys', 'Keys of an issuer that can be used.', ['issuer']),
    keyAge: gauge('issuer_key_age_seconds', "How long ago an issuer's keys were loaded.", [
      'issuer',
    ]),
    throttles: counter('sts_throttles_total', 'AssumeRole calls that STS throttled.', []),
    circuitOpen: gauge('sts_circuit_open', '1 while requests are refused because STS fails.', []),
    outages: counter('sts_outages_total', 'How often STS began to fail.', []),
    sourceFailures: counter(
      'source_credentials_failures_total',
      'How often source credentials could not be read or renewed.',
      ['source'],
    ),
    sourceExpiry: gauge(
      'source_credentials_expiry_timestamp_seconds',
      'When the source credentials in use expire.',
      ['source'],
    ),
    storeUp: gauge('store_up', '0 while Redis is lost and limits are counted in memory.', []),
    storeOutages: counter('store_outages_total', 'How often Redis was lost.', []),
    configInfo: gauge('config_info', 'The config in use, by the first 12 digits of its revision.', [
      'revision',
    ]),
    configLoads: counter('config_loads_total', 'Changes of the config.', ['outcome']),
    configRefused: gauge('config_refused', '1 while the newest config is not in use.', []),
    restartNeeded: gauge('config_restart_needed', '1: a section waits for a restart.', ['section']),
    exportFailures: counter('export_failures_total', 'Pushes to the collector that failed.', []),
  };
}
