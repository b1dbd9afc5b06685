/** The audit log: one JSON line for every decision, with everything an operator needs and no secret. */
import { type Reason, type Refusal, RefusalError, refuse } from '../refusal.ts';

/** What a decision was based on, as far as it was known when it was taken. */
export interface AuditFacts {
  readonly callerAddress?: string;
  readonly issuerName?: string;
  readonly subject?: string;
  /** `jti` */
  readonly tokenId?: string;
  /** The claims that the config chooses, as a list, so that no claim can take the name of a field. */
  readonly claims?: readonly { readonly key: string; readonly value: string }[];
  readonly grant?: string;
  readonly targets?: readonly {
    readonly target: string;
    readonly permissions: readonly string[];
  }[];
  readonly durationSeconds?: number;
  readonly roleArn?: string;
  readonly roleSessionName?: string;
  /** Hex SHA-256 of the serialised session policy. */
  readonly sessionPolicySha256?: string;
  /** The id of the key that was issued; the id alone opens nothing. */
  readonly accessKeyId?: string;
  readonly expiration?: string;
  readonly stsRequestId?: string;
  readonly cacheHit?: boolean;
  /** What is in report mode, and would have decided otherwise or beside it. */
  readonly reported?: readonly ReportedDecision[];
  readonly verifyMs?: number;
  readonly stsMs?: number;
}

/** What a grant would have decided; see the same members of the audit line. */
export interface ReportedDecision {
  readonly grant: string;
  readonly decision: 'granted' | 'refused';
  readonly reason?: Reason;
  readonly why?: AuditLine['why'];
  readonly targets?: AuditFacts['targets'];
  readonly durationSeconds?: number;
  readonly sessionPolicySha256?: string;
}

export interface AuditLine extends AuditFacts {
  /** ISO instant, UTC. */
  readonly time: string;
  readonly requestId: string;
  readonly decision: 'granted' | 'refused';
  readonly configRevision: string;
  /** The refusal's reason, and its own facts in `why`. */
  readonly reason?: Reason;
  readonly why?: Readonly<Record<string, unknown>>;
  readonly totalMs: number;
}

/** Writes one line; resolves once it is out of the broker's hands, rejects if it cannot be. */
export type RecordAudit = (line: AuditLine) => Promise<void>;

/** Collects the facts of one decision and records it, once. */
export interface AuditTrail {
  add(facts: AuditFacts): void;
  /** Throws the refusal `audit_unavailable`: nothing is handed out that was not recorded. */
  recordGranted(): Promise<void>;
  /** Gives the error to throw. A refusal is safe even if its line is lost, so this never throws. */
  recordRefused(error: unknown): Promise<RefusalError>;
}

/** Opens the trail of one request. `now` is in milliseconds. */
export function openAuditTrail(options: {
  readonly requestId: string;
  readonly configRevision: string;
  readonly now: () => number;
  readonly recordAudit: RecordAudit;
}): AuditTrail {
  const { requestId, configRevision, now, recordAudit } = options;
  const startedAtMs = now();
  const known: AuditFacts = {};

  function toLine(decision: AuditLine['decision'], refusal?: Refusal, problem?: string): AuditLine {
    const nowMs = now();
    const { reason, ...facts } = refusal ?? {};
    const why = problem === undefined ? facts : { ...facts, problem };
    return {
      time: new Date(nowMs).toISOString(),
      requestId,
      decision,
      ...(reason === undefined ? {} : { reason }),
      ...(Object.keys(why).length === 0 ? {} : { why }),
      ...known,
      configRevision,
      totalMs: nowMs - startedAtMs,
    };
  }

  return {
    add(facts) {
      Object.assign(known, facts);
    },
    async recordGranted() {
      try {
        await recordAudit(toLine('granted'));
      } catch {
        throw refuse({ reason: 'audit_unavailable' });
      }
    },
    async recordRefused(error) {
      const refusal = error instanceof RefusalError ? error : refuse({ reason: 'internal_error' });
      const defect = error instanceof RefusalError ? undefined : describeDefect(error);
      try {
        await recordAudit(toLine('refused', refusal.refusal, defect));
      } catch {
        // nothing was handed out, so that a lost line takes nothing from the refusal
      }
      return refusal;
    },
  };
}

/** The kind and the place of a defect. Its message stays out: it may quote anything. */
export function describeDefect(error: unknown): string {
  if (!(error instanceof Error)) return 'something other than an Error was thrown';
  // the stack repeats the message, of which a line may look like a place
  const frames = error.stack?.replace(error.message, '').split('\n');
  const place = frames?.find((line) => line.trimStart().startsWith('at '));
  return `${error.name} ${place?.trim() ?? ''}`.trimEnd();
}

/**
 * What JSON leaves as it is but readers of a log may take for the end of a line (NEL, U+2028), for
 * a command to the terminal (C1) or for another direction of writing: a subject can hold it all.
 */
const MISLEADING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Records audit lines through a function that writes text, e.g. to standard output. */
export function createAuditLog(write: (text: string) => Promise<void>): RecordAudit {
  return (line) => write(`${JSON.stringify(line).replace(MISLEADING, escapeUnits)}\n`);
}

/** `\uXXXX` for each UTF-16 code unit (RFC 8259 section 7). */
function escapeUnits(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
