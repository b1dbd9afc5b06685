/** Says of each grant what its conditions and attributes saw, and what became of it. */
import type { AttributeRule, Condition, Grant } from '../config/config.ts';
import { createDecide } from '../decide.ts';
import { readAttribute } from '../grants/attributes.ts';
import { formatClaimPath, readClaim } from '../grants/claims.ts';
import { unmetCondition } from '../grants/conditions.ts';
import type { Decide, Decision, RenderSessionPolicy, SubjectToken } from '../ports.ts';
import type { AttributeSeen, ConditionSeen, Fate, GrantSeen } from './explanation.ts';
import { MAX_SENTENCE, showText, showValue } from './show-value.ts';

const MAX_VALUES = 10;

/** Explains each grant. `decision` is that of all grants together. */
export function explainGrants(
  grants: readonly Grant[],
  render: RenderSessionPolicy,
  [token, asked]: Parameters<Decide>,
  decision: Decision,
): readonly GrantSeen[] {
  return grants.map((grant) => {
    const alone = createDecide([grant], render)(token, asked);
    return {
      grant: grant.name,
      ...findFate(grant, alone, decision),
      conditions: grant.when.map((condition) => seeCondition(condition, token)),
      attributes: seeAttributes(grant, token),
    };
  });
}

/** What the grant alone would decide says why it is not the one that decided. */
function findFate(
  grant: Grant,
  alone: Decision,
  decision: Decision,
): { readonly fate: Fate; readonly why?: string } {
  if (grant.mode === 'report') return { fate: 'is in report mode' };
  if (decision.grant === grant) return { fate: 'chosen' };
  if (alone.outcome === 'granted' || alone.grant !== undefined) return { fate: 'fits too' };
  const { refusal } = alone.refusal;
  if (refusal.reason === 'target_outside_grant') return { fate: 'does not reach the target' };
  const [misfit] = 'misfits' in refusal ? refusal.misfits : [];
  if (misfit === undefined) return { fate: 'is not the one asked for' };
  return { fate: 'does not fit', why: showText(misfit.why, MAX_SENTENCE) };
}

function seeCondition(condition: Condition, { claims }: SubjectToken): ConditionSeen {
  return {
    claim: formatClaimPath(condition.claim),
    wants: describeWanted(condition),
    saw: showValue(readClaim(claims, condition.claim)),
    holds: unmetCondition(condition, claims) === undefined,
    isReport: condition.mode === 'report',
  };
}

function describeWanted(condition: Condition): string {
  const wanted = condition.operator === 'in' ? condition.values : condition.value;
  return `${condition.operator} ${showValue(wanted)}`;
}

/** The attributes that the targets of the grant name, each once. */
function seeAttributes(grant: Grant, token: SubjectToken): readonly AttributeSeen[] {
  const parts = grant.allow.flatMap(({ target }) => target.key);
  const names = new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : part.attribute)));
  return token.issuer.attributes
    .filter(({ name }) => names.has(name))
    .map((rule) => seeAttribute(rule, token));
}

function seeAttribute(rule: AttributeRule, { claims }: SubjectToken): AttributeSeen {
  const reading = readAttribute(rule, claims);
  const values = 'values' in reading ? reading.values : [];
  return {
    name: rule.name,
    claim: formatClaimPath(rule.claim),
    saw: showValue(readClaim(claims, rule.claim)),
    values: values.slice(0, MAX_VALUES).map((value) => showText(value)),
    valueCount: values.length,
    ...('problem' in reading ? { problem: reading.problem } : {}),
  };
}
