/** Counts the events that are no decision about one request. */
import type { OperationalEvent } from '../observe/event.ts';
import type { BrokerMetrics } from './broker-metrics.ts';

export function countEvent(
  metrics: BrokerMetrics,
  event: OperationalEvent,
  /** Receives when the keys of an issuer were loaded. */
  noteKeys: (issuerName: string) => void,
): void {
  switch (event.kind) {
    case 'keys_loaded':
      metrics.keyLoads.inc({ issuer: event.issuerName, outcome: 'loaded' });
      metrics.keys.set({ issuer: event.issuerName }, event.keys);
      noteKeys(event.issuerName);
      return;
    case 'key_refresh_failed':
      metrics.keyLoads.inc({ issuer: event.issuerName, outcome: 'failed' });
      return;
    case 'sts_throttled':
      metrics.throttles.inc();
      return;
    case 'circuit_opened':
      metrics.circuitOpen.set(1);
      metrics.outages.inc();
      return;
    case 'circuit_closed':
      metrics.circuitOpen.set(0);
      return;
    case 'source_credentials_used': {
      const { source, expiresAtMs } = event;
      if (expiresAtMs === undefined) metrics.sourceExpiry.remove({ source });
      else metrics.sourceExpiry.set({ source }, expiresAtMs / 1000);
      return;
    }
    case 'source_credentials_failed':
      metrics.sourceFailures.inc({ source: event.source });
      return;
    case 'store_lost':
      metrics.storeUp.set(0);
      metrics.storeOutages.inc();
      return;
    case 'store_back':
      metrics.storeUp.set(1);
      return;
    case 'config_applied':
      metrics.configRefused.set(0);
      metrics.configLoads.inc({ outcome: 'applied' });
      return;
    case 'config_refused':
      metrics.configRefused.set(1);
      metrics.configLoads.inc({ outcome: 'refused' });
      return;
    case 'restart_needed':
      metrics.restartNeeded.set({ section: event.section }, 1);
      return;
    case 'export_failed':
      metrics.exportFailures.inc();
      return;
    case 'export_works':
    // each refusal has an audit line, which is counted
    case 'source_credentials_refused':
    // its lines were counted one by one, when they were lost
    case 'audit_failed':
    case 'audit_lines_lost':
    case 'config_warning':
      return;
  }
}
