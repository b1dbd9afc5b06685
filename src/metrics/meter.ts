/** Feeds the metrics from audit lines and events. Nothing that it does can fail a request. */
import type { RecordAudit } from '../audit/line.ts';
import type { Config } from '../config/config.ts';
import type { Observe, OperationalEvent } from '../observe/event.ts';
import { type BrokerMetrics, createBrokerMetrics } from './broker-metrics.ts';
import { countEvent } from './count-event.ts';
import { countLine } from './count-line.ts';
import { createToLabel } from './known-names.ts';
import { allReasons } from './reasons.ts';

/** What a broker reports through. */
export interface Reports {
  readonly recordAudit: RecordAudit;
  readonly observe: Observe;
}

export interface WatchedReports extends Reports {
  /** The broker of this config is in use from now on. */
  readonly begin: () => void;
}

export interface Meter {
  /** Counts what is about no broker in particular. */
  readonly observe: Observe;
  /** Wraps what the broker of a config reports through. The metrics tell of the config once `begin` is called. */
  readonly watch: (config: Config, reports: Reports) => WatchedReports;
  /** The metrics as they are now. */
  readonly read: () => BrokerMetrics['registry'];
}

const REVISION_DIGITS = 12;
/** Of loads of keys. */
const OUTCOMES = ['loaded', 'failed'];

export function createMeter(options: {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): Meter {
  const { now } = options;
  const metrics = createBrokerMetrics();
  const toLabel = createToLabel();
  /** Only of issuers whose keys are loaded again and again. */
  const keysLoadedAtMs = new Map<string, number>();
  let current: Config | undefined;
  startAtZero(metrics);

  function count(event: OperationalEvent): void {
    // an earlier broker may still load keys of an issuer that is gone
    if ('issuerName' in event && findIssuer(event.issuerName) === undefined) return;
    neverThrow(() => countEvent(metrics, event, noteKeys));
  }

  function findIssuer(issuerName: string) {
    return current?.issuers.find(({ name }) => name === issuerName);
  }

  function noteKeys(issuerName: string): void {
    if (findIssuer(issuerName)?.keys.kind !== 'jwks') keysLoadedAtMs.set(issuerName, now());
  }

  function begin(config: Config): void {
    const names = new Set(config.issuers.map(({ name }) => name));
    for (const { name } of current?.issuers ?? []) {
      if (names.has(name)) continue;
      metrics.keys.remove({ issuer: name });
      for (const outcome of OUTCOMES) metrics.keyLoads.remove({ issuer: name, outcome });
      keysLoadedAtMs.delete(name);
    }
    current = config;
    metrics.configInfo.reset();
    metrics.configInfo.set({ revision: config.revision.slice(0, REVISION_DIGITS) }, 1);
    metrics.restartNeeded.reset();
    // the circuit of a new broker is closed, and says nothing as long as it stays so
    metrics.circuitOpen.set(0);
    for (const issuer of names) {
      for (const outcome of OUTCOMES) metrics.keyLoads.inc({ issuer, outcome }, 0);
    }
  }

  return {
    observe: count,
    watch(config, { recordAudit, observe }) {
      return {
        begin: () => neverThrow(() => begin(config)),
        async recordAudit(line) {
          try {
            await recordAudit(line);
          } catch (error) {
            neverThrow(() => metrics.auditFailures.inc());
            throw error;
          }
          neverThrow(() => countLine(metrics, line, toLabel));
        },
        observe(event) {
          observe(event);
          // an earlier broker may still have requests in flight, but its circuit no longer counts
          const isAboutCircuit = event.kind === 'circuit_opened' || event.kind === 'circuit_closed';
          if (config === current || !isAboutCircuit) count(event);
        },
      };
    },
    read() {
      metrics.keyAge.reset();
      for (const [issuer, atMs] of keysLoadedAtMs) {
        metrics.keyAge.set({ issuer }, Math.max(0, now() - atMs) / 1000);
      }
      return metrics.registry;
    },
  };
}

/** A rate counts from the second value of a series on, so those that are known begin at once. */
function startAtZero(metrics: BrokerMetrics): void {
  for (const from of ['sts', 'cache']) metrics.credentials.inc({ from }, 0);
  for (const scope of ['subject', 'issuer', 'address', 'refused_tokens', 'assume_role']) {
    metrics.rateLimited.inc({ scope }, 0);
  }
  for (const reason of allReasons()) metrics.refusals.inc({ reason }, 0);
  for (const outcome of ['applied', 'refused']) metrics.configLoads.inc({ outcome }, 0);
  metrics.storeUp.set(1);
}

function neverThrow(work: () => void): void {
  try {
    work();
  } catch {
    // a metric that cannot be counted must not fail a request
  }
}
