/** Says what each condition and each attribute of a grant saw, with the functions that decide it. */
import type { Condition, Grant, TrustedIssuer } from '../../src/config/config.ts';
import { readAttribute } from '../../src/grants/attributes.ts';
import { formatClaimPath, readClaim } from '../../src/grants/claims.ts';
import { unmetCondition } from '../../src/grants/conditions.ts';
import { fitGrant } from '../../src/grants/fit-grant.ts';
import type { Claims } from '../../src/ports.ts';
import type { GrantFate } from './answer.ts';

const MAX_SHOWN_CHARACTERS = 120;

/** Compares the grant with the claims of a verified token. */
export function explainGrant(grant: Grant, issuer: TrustedIssuer, claims: Claims): GrantFate {
  const fit = fitGrant(grant, issuer, claims);
  const used = new Set(
    grant.allow.flatMap(({ target }) =>
      target.key.flatMap((part) => (typeof part === 'string' ? [] : [part.attribute])),
    ),
  );
  return {
    name: grant.name,
    fits: fit.fits,
    ...(fit.fits ? {} : { why: fit.why }),
    isReported: grant.mode === 'report',
    conditions: grant.when.map((condition) => ({
      text: describeCondition(condition),
      saw: show(readClaim(claims, condition.claim)),
      holds: unmetCondition(condition, claims) === undefined,
      isReported: condition.mode === 'report',
    })),
    attributes: issuer.attributes
      .filter(({ name }) => used.has(name))
      .map((rule) => {
        const reading = readAttribute(rule, claims);
        return 'problem' in reading
          ? { text: reading.problem, isRead: false }
          : { text: `{${rule.name}} is ${reading.values.map(show).join(', ')}`, isRead: true };
      }),
  };
}

/** As it stands in the config: `plan in ["pro","team"]`. */
function describeCondition(condition: Condition): string {
  const wanted = condition.operator === 'in' ? condition.values : condition.value;
  return `claim ${formatClaimPath(condition.claim)} ${condition.operator} ${show(wanted)}`;
}

function show(value: unknown): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
}
