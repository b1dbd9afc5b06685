/** Opens what the config turns on of metrics and traces, and reads no code for it otherwise. */
import type { Config } from '../config/config.ts';
import type { Monitoring, MonitoringOptions } from './monitoring.ts';

/** Does nothing, and changes nothing. */
const NO_MONITORING: Omit<Monitoring, 'serveMetrics'> = {
  observe: () => {},
  watch: (_config, reports) => ({ ...reports, begin: () => {} }),
  trace: (fetch) => fetch,
  close: async () => {},
};

export interface OpenMonitoringOptions extends MonitoringOptions {
  /** Opens the port of the metrics. Rejects if it is in use. */
  readonly listen: (server: {
    readonly fetch: (request: Request) => Promise<Response>;
    readonly hostname: string;
    readonly port: number;
  }) => Promise<{ close(graceMs: number): Promise<void> }>;
}

/** Rejects if the port is in use, or if the headers for the collector cannot be used. */
export async function openMonitoring(
  config: Config,
  options: OpenMonitoringOptions,
): Promise<Omit<Monitoring, 'serveMetrics'>> {
  const { metrics, telemetry } = config;
  if (metrics === undefined && telemetry === undefined) return NO_MONITORING;
  const { createMonitoring } = await import('./monitoring.ts');
  const monitoring = createMonitoring(config, options);
  if (metrics === undefined) return monitoring;
  const { host: hostname, port } = metrics;
  const server = await options.listen({ fetch: monitoring.serveMetrics, hostname, port });
  return {
    ...monitoring,
    async close() {
      await monitoring.close();
      await server.close(0);
    },
  };
}
