/** Checks a grant as a whole: the size of its session policy, and which callers it fits. */

import type { Grant, TrustedIssuer } from '../config/config.ts';
import { MAX_SESSION_POLICY_BYTES } from '../session-policy/session-policy.ts';
import { worstCasePolicyBytes } from '../session-policy/worst-case.ts';
import type { Report, Warn } from './config-problems.ts';
import { multiTenantProblem } from './multi-tenant-issuers.ts';

/** Reports a session policy that is too large for STS. Warns of a grant that may fit more callers than intended. */
export function checkGrant(grant: Grant, issuer: TrustedIssuer, report: Report, warn: Warn): void {
  const attributes = attributesOf(grant);
  const isKnown = [...attributes].every((name) =>
    issuer.attributes.some((rule) => rule.name === name),
  );
  if (isKnown && isRenderable(grant)) {
    const bytes = worstCasePolicyBytes(grant, issuer);
    if (bytes > MAX_SESSION_POLICY_BYTES) {
      report(
        ['allow'],
        `can need a session policy of ${bytes} bytes, but STS accepts at most ${MAX_SESSION_POLICY_BYTES}; use fewer targets, shorter prefixes, or a maxLength on ${[...attributes].join(', ') || 'the attributes'}`,
      );
    }
  }
  // a condition in report mode excludes no caller
  const enforced = grant.when.filter(({ mode }) => mode !== 'report');
  // that a claim exists says nothing of its value
  const compared = enforced.filter(({ operator }) => operator !== 'exists');
  const claims = compared.map(({ claim }) => claim.join('.'));
  const problem = multiTenantProblem(issuer.issuer, claims);
  if (problem !== undefined) warn(['when'], problem.message, problem.rule);
  if (enforced.length === 0 && attributes.size === 0) {
    warn(
      [],
      `has no conditions and no attributes, so all subjects of the issuer "${issuer.name}" share its targets; add a condition, or an attribute in each target`,
      'open-grant',
    );
  }
}

function attributesOf(grant: Grant): ReadonlySet<string> {
  return new Set(
    grant.allow.flatMap(({ target }) =>
      target.key.flatMap((part) => (typeof part === 'string' ? [] : [part.attribute])),
    ),
  );
}

/** Whether the renderer accepts the grant. `buildGrant` has already reported why it does not. */
function isRenderable(grant: Grant): boolean {
  return grant.allow.every(
    ({ target, permissions, actions }) =>
      permissions.length + actions.length > 0 &&
      (!permissions.includes('list') || target.text.endsWith('/')),
  );
}
