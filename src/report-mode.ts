/** Report mode: records in the audit line what grants and conditions would have decided. */
import { factsOfNarrowed } from './audit/facts.ts';
import type { AuditFacts, ReportedDecision } from './audit/line.ts';
import type { Grant } from './config/config.ts';
import { unmetCondition } from './grants/conditions.ts';
import { matchGrant } from './grants/match-grant.ts';
import { narrowGrant } from './grants/narrow-grant.ts';
import { describeDefect } from './lib/describe-defect.ts';
import type { Asked, CheckKillSwitches, RenderSessionPolicy, SubjectToken } from './ports.ts';
import { RefusalError, refuse } from './refusal.ts';
import { renderGrant } from './session-policy/render-grant.ts';

/** Empty if nothing is in report mode. */
type ReportFacts = Pick<AuditFacts, 'reported'>;

/** Bounds both the work and the length of the audit line. */
const MAX_REPORTED_GRANTS = 20;
/** A caller's claims decide how many targets a grant has. Beyond so many together, the rest is not reported. */
const MAX_REPORTED_TARGETS = 2000;

const NOTHING: ReportFacts = {};

/** The steps of the pipeline that a report runs. They count nothing and use no network. */
export interface ReportDeps {
  readonly renderSessionPolicy: RenderSessionPolicy;
  readonly limits: { readonly checkKillSwitches: CheckKillSwitches };
}

/**
 * Reports what each grant in report mode of the token's issuer would have decided for this request,
 * if it were enforced, were the only grant, and the caller had named none. Never throws: a report
 * must not affect the decision.
 */
export function reportGrants(
  grants: readonly Grant[],
  asker: { readonly token: SubjectToken; readonly asked: Asked },
  deps: ReportDeps,
): ReportFacts {
  const { token, asked } = asker;
  const reporting = grants.filter(
    ({ mode, issuer }) => mode === 'report' && issuer === token.issuer.name,
  );
  if (reporting.length === 0) return NOTHING;
  const reported: ReportedDecision[] = [];
  let targets = 0;
  for (const grant of reporting.slice(0, MAX_REPORTED_GRANTS)) {
    if (targets > MAX_REPORTED_TARGETS) break;
    const decision = reportDecision(grant.name, () => {
      const matched = matchGrant([{ ...grant, mode: 'enforce' }], token, { target: asked.target });
      targets += matched.allowances.length;
      const narrowed = narrowGrant(matched, asked);
      const { sha256 } = renderGrant(deps.renderSessionPolicy, narrowed);
      deps.limits.checkKillSwitches(token, grant);
      return { ...factsOfNarrowed(narrowed), sessionPolicySha256: sha256 };
    });
    reported.push(decision);
  }
  return { reported };
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
