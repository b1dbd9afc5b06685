/** One line of the audit log: its members, and how it is written. */

import { escapeMisleading } from '../lib/escape-misleading.ts';
import type { Requested, Surface } from '../ports.ts';
import type { Reason } from '../refusal.ts';
import { boundLine } from './bound-line.ts';

/** The facts that were known when the decision was made. */
export interface AuditFacts {
  readonly callerAddress?: string;
  /** What was asked, as it was sent. Absent: it could not be read, or the request was for something else. */
  readonly requested?: Requested;
  readonly issuerName?: string;
  readonly subject?: string;
  /** `jti` */
  readonly tokenId?: string;
  /** The claims that the config selects. A list, so that no claim can replace a member of the line. */
  readonly claims?: readonly { readonly key: string; readonly value: string }[];
  readonly grant?: string;
  readonly targets?: readonly {
    readonly target: string;
    readonly permissions: readonly string[];
  }[];
  /** How many targets there were. Absent: `targets` lists all of them. */
  readonly targetCount?: number;
  readonly durationSeconds?: number;
  readonly roleArn?: string;
  readonly roleSessionName?: string;
  /** Hex SHA-256 of the serialised session policy. */
  readonly sessionPolicySha256?: string;
  /** The ID of the issued AccessKey, which is no secret. */
  readonly accessKeyId?: string;
  /** The credential URL that was made or used. It is no secret. */
  readonly ticketId?: string;
  /** When the credential URL ends, if it was made. */
  readonly ticketExpiration?: string;
  readonly expiration?: string;
  readonly stsRequestId?: string;
  readonly cacheHit?: boolean;
  /** What grants and conditions in report mode would have decided. */
  readonly reported?: readonly ReportedDecision[];
  /** How long before the verification the issuer's keys were loaded. Absent: they are from the config. */
  readonly keyAgeSeconds?: number;
  readonly verifyMs?: number;
  readonly stsMs?: number;
}

/** What a grant would have decided. The members mean the same as in the audit line. */
export interface ReportedDecision {
  readonly grant: string;
  readonly decision: 'granted' | 'refused';
  readonly reason?: Reason;
  readonly why?: AuditLine['why'];
  readonly targets?: AuditFacts['targets'];
  readonly targetCount?: number;
  readonly durationSeconds?: number;
  readonly sessionPolicySha256?: string;
}

export interface AuditLine extends AuditFacts {
  /** Of the members of the line. Rises when a member changes its meaning or goes away. */
  readonly version: 1;
  /** ISO instant, UTC. */
  readonly time: string;
  readonly requestId: string;
  /** The surface. An address that no surface has counts as one of the native API. */
  readonly surface: Surface;
  readonly decision: 'granted' | 'refused';
  readonly configRevision: string;
  /** The reason of the refusal. `why` contains its facts. */
  readonly reason?: Reason;
  readonly why?: Readonly<Record<string, unknown>>;
  readonly totalMs: number;
}

/** Writes one line. Resolves once the line is written; rejects if it cannot be written. */
export type RecordAudit = (line: AuditLine) => Promise<void>;

/** Nearly every line: nothing in it is misleading, so it need not be searched by Unicode property. */
const VISIBLE_ASCII = /^[ -~]*$/;

/** Largest length of a line in bytes, with its line feed. */
export const MAX_LINE_BYTES = 32 * 1024;

/** Records audit lines with a function that writes text, e.g. to standard output. */
export function createAuditLog(write: (text: string) => Promise<void>): RecordAudit {
  return (line) => write(boundLine(line, toText, MAX_LINE_BYTES));
}

function toText(line: object): string {
  const json = JSON.stringify(line);
  return VISIBLE_ASCII.test(json) ? `${json}\n` : `${escapeMisleading(json)}\n`;
}
