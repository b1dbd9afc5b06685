/** Builds the broker for each config, and reports the config once its broker is built. */
import { isDeepStrictEqual } from 'node:util';
import type { Broker } from './broker.ts';
import type { Config } from './config/config.ts';
import type { SourceCredentialsSettings } from './config/source-credentials-settings.ts';
import { fixedAtStart } from './fixed-at-start.ts';
import type { Reports } from './metrics/meter.ts';
import type { Monitoring } from './metrics/monitoring.ts';
import type { Observe } from './observe/event.ts';

export interface BuildBrokerOptions {
  /** The config of the start. */
  readonly startConfig: Config;
  /** Where the source credentials come from, for as long as the process runs. */
  readonly source: SourceCredentialsSettings;
  /** What a broker reports through, before anything is counted. */
  readonly reports: Reports;
  readonly monitoring: Pick<Monitoring, 'watch'>;
  /** Tells the operator, and counts. */
  readonly observe: Observe;
  readonly createBroker: (config: Config, reports: Reports) => Broker;
}

/**
 * Makes the function that builds the broker for a config. If it throws, the previous broker stays in use, and
 * metrics and operator have heard nothing of the new config.
 */
export function createBuildBroker(options: BuildBrokerOptions): (config: Config) => Broker {
  const { source, monitoring, observe } = options;
  const atStart = fixedAtStart(options.startConfig, source);
  return (config) => {
    const { begin, ...reports } = monitoring.watch(config, options.reports);
    const broker = options.createBroker(config, reports);
    begin();
    for (const [section, fixed] of Object.entries(fixedAtStart(config, source))) {
      if (!isDeepStrictEqual(fixed, atStart[section])) observe({ kind: 'restart_needed', section });
    }
    return broker;
  };
}
