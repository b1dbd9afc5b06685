/** Describes events as lines for standard error. */
import type { OperationalEvent } from './event.ts';

export interface EventLine {
  /** What the event is about. Lines about one topic share a limit. */
  readonly topic: string;
  readonly text: string;
  readonly repeat: Repeat;
}

/**
 * When a line that equals the last one of its topic is repeated. What is repeated `without_limit` is never left
 * out, however many lines its topic has.
 */
export type Repeat = 'without_limit' | 'always' | 'each_minute' | 'on_change';

type Line = readonly [topic: string, text: string];

/** A problem is repeated while it lasts. Events that are not listed are reported on change. */
const REPEAT: Readonly<Partial<Record<OperationalEvent['kind'], Repeat>>> = {
  key_refresh_failed: 'each_minute',
  sts_throttled: 'each_minute',
  circuit_opened: 'each_minute',
  source_credentials_failed: 'each_minute',
  source_credentials_refused: 'each_minute',
  store_lost: 'each_minute',
  // an operator who changes or reloads the config needs a response each time, and nobody else causes one
  config_applied: 'without_limit',
  config_refused: 'without_limit',
  config_warning: 'without_limit',
  restart_needed: 'without_limit',
  audit_failed: 'always',
  audit_lines_lost: 'always',
  export_failed: 'each_minute',
};

/** Describes an event: what happened, and what the operator can do about it. */
export function describeEvent(event: OperationalEvent): EventLine {
  const [topic, text] = toLine(event);
  return { topic, text, repeat: REPEAT[event.kind] ?? 'on_change' };
}

function toLine(event: OperationalEvent): Line {
  switch (event.kind) {
    case 'keys_loaded':
      return [`keys:${event.issuerName}`, describeKeys(event)];
    case 'key_refresh_failed': {
      const { issuerName, problem } = event;
      return [`keys:${issuerName}`, `issuer ${issuerName}: the keys cannot be loaded: ${problem}`];
    }
    case 'sts_throttled':
      return [
        'throttling',
        'STS throttles AssumeRole: it allows 100 calls a second for the whole account',
      ];
    case 'circuit_opened':
      return [
        'circuit',
        `STS fails (${event.problem}): requests are refused until it answers again`,
      ];
    case 'circuit_closed':
      return ['circuit', 'STS answers again'];
    case 'source_credentials_used':
      return [`source:${event.source}`, describeCredentials(event)];
    case 'source_credentials_failed':
      return [`source:${event.source}`, `source credentials are unavailable: ${event.problem}`];
    case 'source_credentials_refused':
      return ['refused source', `STS refuses the source credentials: ${event.problem}`];
    case 'store_lost':
      return ['store', `Redis is unavailable (${event.problem}); limits are counted in memory`];
    case 'store_back':
      return ['store', 'Redis is used again'];
    case 'config_applied':
      return ['config', `config ${shorten(event.revision)} is in use`];
    case 'config_refused':
      return ['config', `${event.problem}\nconfig ${shorten(event.revisionInUse)} stays in use`];
    case 'config_warning':
      return [`warning:${event.warning}`, `warning: ${event.warning}`];
    case 'restart_needed':
      return [
        `restart:${event.section}`,
        `the config changes ${event.section}: restart the broker to apply it`,
      ];
    case 'audit_failed':
      return [
        'audit',
        `the audit log cannot be written (${event.problem}): no credential is handed out; check what reads standard output, and whether its disk is full`,
      ];
    case 'audit_lines_lost':
      return [
        'audit',
        `the audit log is written again: ${event.lines} ${event.lines === 1 ? 'line was' : 'lines were'} lost`,
      ];
    case 'export_failed':
      return ['export', `traces and metrics do not reach the collector: ${event.problem}`];
    case 'export_works':
      return ['export', 'traces and metrics reach the collector again'];
  }
}

function describeKeys({
  issuerName,
  keys,
  dropped,
}: Extract<OperationalEvent, { kind: 'keys_loaded' }>): string {
  const leftOut = dropped.length === 0 ? '' : `; left out: ${dropped.join(', ')}`;
  return `issuer ${issuerName}: ${keys} ${keys === 1 ? 'key' : 'keys'} loaded${leftOut}`;
}

function describeCredentials(
  event: Extract<OperationalEvent, { kind: 'source_credentials_used' }>,
): string {
  const { source, isTemporary, expiresAtMs, isRenewed } = event;
  if (!isTemporary) {
    return `source credentials (${source}): a long-lived AccessKey, which does not rotate by itself. Rotate it by hand, and use that of a RAM user: STS refuses AssumeRole to the account itself. Temporary credentials (ecs_ram_role, oidc_role_arn, the role of a function) are safer`;
  }
  const end =
    expiresAtMs === undefined
      ? 'temporary, with no known expiry'
      : `temporary, valid until ${new Date(expiresAtMs).toISOString()}`;
  return isRenewed
    ? `source credentials (${source}): ${end}`
    : `source credentials (${source}): ${end}. Nothing renews them: once they expire, every request is refused`;
}

function shorten(revision: string): string {
  return revision.slice(0, 12);
}
