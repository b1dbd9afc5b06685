/** Report mode: records in the audit line what grants and conditions would have decided. */
import { factsOfNarrowed } from './audit/facts.ts';
import type { AuditFacts, ReportedDecision } from './audit/line.ts';
import type { Grant } from './config/config.ts';
import { createDecide } from './decide.ts';
import { unmetCondition } from './grants/conditions.ts';
import { describeDefect } from './lib/describe-defect.ts';
import type { CheckKillSwitches, Decide, RenderSessionPolicy, SubjectToken } from './ports.ts';
import { RefusalError, refuse } from './refusal.ts';

/** Empty if nothing is in report mode. */
type ReportFacts = Pick<AuditFacts, 'reported'>;

/** Bounds both the work and the length of the audit line. */
const MAX_REPORTED_GRANTS = 20;
/** A caller's claims decide how many targets a grant has. Grants after this many targets in all are not reported. */
const MAX_REPORTED_TARGETS = 2000;

const NOTHING: ReportFacts = {};

/** Reports what each grant in report mode would have decided. Never throws. */
export type ReportGrants = (...asker: Parameters<Decide>) => ReportFacts;

/**
 * Makes the report of each grant in report mode of the token's issuer: what it would have decided for
 * this request, if it were enforced, were the only grant, and the caller had named none. A report must
 * not affect the decision, so it never throws.
 */
export function createReportGrants(
  grants: readonly Grant[],
  render: RenderSessionPolicy,
  checkKillSwitches: CheckKillSwitches,
): ReportGrants {
  const reporting = new Map<string, { readonly grant: Grant; readonly decide: Decide }[]>();
  for (const grant of grants) {
    if (grant.mode !== 'report') continue;
    const ofIssuer = reporting.get(grant.issuer) ?? [];
    reporting.set(grant.issuer, ofIssuer);
    if (ofIssuer.length < MAX_REPORTED_GRANTS) {
      ofIssuer.push({ grant, decide: createDecide([grant], render) });
    }
  }
  if (reporting.size === 0) return () => NOTHING;

  return function reportGrants(token, asked) {
    const reported: ReportedDecision[] = [];
    let targets = 0;
    for (const { grant, decide } of reporting.get(token.issuer.name) ?? []) {
      if (targets > MAX_REPORTED_TARGETS) break;
      const decision = reportDecision(grant.name, () => {
        const decided = decide(token, { ...asked, grant: undefined, roleArn: undefined });
        // before narrowing: that is the work, whatever is left of it
        targets += decided.matchedTargets ?? 0;
        if (decided.outcome === 'refused') throw decided.refusal;
        checkKillSwitches(token, grant);
        const { narrowed, policy } = decided;
        return { ...factsOfNarrowed(narrowed), sessionPolicySha256: policy.sha256 };
      });
      reported.push(decision);
    }
    return reported.length === 0 ? NOTHING : { reported };
  };
}

/**
 * Adds to the report what the matched grant would have decided if its conditions in report mode
 * were enforced. Adds nothing if all of them are met. Never throws.
 */
export function reportConditions(
  grant: Grant,
  token: SubjectToken,
  report: ReportFacts,
): ReportFacts {
  const reporting = grant.when.filter(({ mode }) => mode === 'report');
  if (reporting.length === 0) return report;
  const decision = reportDecision(grant.name, () => {
    // every unmet condition, not only the first: each is evaluated by itself
    const misfits = reporting
      .map((condition) => unmetCondition(condition, token.claims))
      .filter((why) => why !== undefined)
      .map((why) => ({ grant: grant.name, why }));
    if (misfits.length > 0) throw refuse({ reason: 'no_grant_fits', misfits });
    return {};
  });
  if (decision.decision === 'granted') return report;
  return { reported: [decision, ...(report.reported ?? [])] };
}

/**
 * Describes a decision. A defect counts as the refusal `internal_error`, which it would cause if
 * enforced, so that the operator sees it before that.
 */
function reportDecision(
  grant: string,
  decide: () => Omit<ReportedDecision, 'grant' | 'decision'>,
): ReportedDecision {
  try {
    return { grant, decision: 'granted', ...decide() };
  } catch (error) {
    if (error instanceof RefusalError) {
      const { reason, ...why } = error.refusal;
      const hasFacts = Object.keys(why).length > 0;
      return { grant, decision: 'refused', reason, ...(hasFacts ? { why } : {}) };
    }
    const why = { problem: describeDefect(error) };
    return { grant, decision: 'refused', reason: 'internal_error', why };
  }
}
