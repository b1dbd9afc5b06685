/** One line of the audit log: what it says, and how it is written. */
import type { Reason } from '../refusal.ts';

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
