/** What can only be judged of a grant as a whole: the size of its session policy, and who it is for. */

import type { Grant, TrustedIssuer } from '../config/config.ts';
import { MAX_SESSION_POLICY_BYTES } from '../session-policy/session-policy.ts';
import { worstCasePolicyBytes } from '../session-policy/worst-case.ts';
import type { Report } from './build-config.ts';
import { multiTenantProblem } from './multi-tenant-issuers.ts';

/** Reports a policy that STS would refuse; warns of a grant that is for more people than it seems. */
export function checkGrant(
  grant: Grant,
  issuer: TrustedIssuer,
  report: Report,
  warn: Report,
): void {
  const attributes = attributesOf(grant);
  const isKnown = [...attributes].every((name) =>
    issuer.attributes.some((rule) => rule.name === name),
  );
  if (isKnown && isListable(grant)) {
    const bytes = worstCasePolicyBytes(grant, issuer);
    if (bytes > MAX_SESSION_POLICY_BYTES) {
      report(
        ['allow'],
        `can need a session policy of ${bytes} bytes, and STS takes ${MAX_SESSION_POLICY_BYTES}; use fewer targets, shorter prefixes, or a maxLength on ${[...attributes].join(', ') || 'the attributes'}`,
      );
    }
  }
  // a condition in report mode keeps nobody out
  const enforced = grant.when.filter(({ mode }) => mode !== 'report');
  const claims = enforced.map(({ claim }) => claim.join('.'));
  const problem = multiTenantProblem(issuer.issuer, claims);
  if (problem !== undefined) warn(['when'], problem);
  if (enforced.length === 0 && attributes.size === 0) {
    warn(
      [],
      `has neither conditions nor attributes, so everybody of the issuer "${issuer.name}" shares its targets`,
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

/** The renderer refuses to list one object; that is reported where the permissions are. */
function isListable(grant: Grant): boolean {
  return grant.allow.every(
    ({ target, permissions, actions }) =>
      permissions.length + actions.length > 0 &&
      (!permissions.includes('list') || target.text.endsWith('/')),
  );
}
