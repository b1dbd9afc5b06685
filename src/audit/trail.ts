/** The audit trail of one request: collects facts, and records the decision in one line. */
import { describeDefect } from '../lib/describe-defect.ts';
import type { Surface } from '../ports.ts';
import { type Refusal, RefusalError, refuse } from '../refusal.ts';
import type { AuditFacts, AuditLine, RecordAudit } from './line.ts';

/** Collects the facts of one decision and records it once. */
export interface AuditTrail {
  add(facts: AuditFacts): void;
  /** Throws the refusal `audit_unavailable` if the log fails: no credential is issued unrecorded. */
  recordGranted(): Promise<void>;
  /** Returns the error to throw. Never throws: a refusal is safe even if its line is lost. */
  recordRefused(error: unknown): Promise<RefusalError>;
}

/** Opens the trail of one request. `now` is in milliseconds. */
export function openAuditTrail(options: {
  readonly requestId: string;
  readonly surface: Surface;
  readonly configRevision: string;
  readonly now: () => number;
  readonly recordAudit: RecordAudit;
}): AuditTrail {
  const { requestId, surface, configRevision, now, recordAudit } = options;
  const startedAtMs = now();
  const known: AuditFacts = {};

  function toLine(decision: AuditLine['decision'], refusal?: Refusal, problem?: string): AuditLine {
    const nowMs = now();
    const { reason, ...facts } = refusal ?? {};
    const why = problem === undefined ? facts : { ...facts, problem };
    return {
      version: 1,
      time: new Date(nowMs).toISOString(),
      requestId,
      surface,
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
        // no credential was issued, so the refusal stands without its line
      }
      return refusal;
    },
  };
}
