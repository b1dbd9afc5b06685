/** Finds grants whose session policy can get close to what STS takes. */
import { MAX_SESSION_POLICY_BYTES } from '../../session-policy/session-policy.ts';
import { worstCasePolicyBytes } from '../../session-policy/worst-case.ts';
import type { Rule } from '../finding.ts';

/** Beyond this, one more target can be too many. */
const NEAR_BYTES = Math.floor(MAX_SESSION_POLICY_BYTES * 0.85);

export const policyNearLimit: Rule = {
  id: 'policy-near-limit',
  severity: 'note',
  summary: 'A session policy that is nearly too long leaves no room for another target',
  find: ({ grants, issuers }) =>
    grants.flatMap((grant, index) => {
      const issuer = issuers.find(({ name }) => name === grant.issuer);
      const bytes = issuer === undefined ? 0 : worstCasePolicyBytes(grant, issuer);
      if (bytes < NEAR_BYTES) return [];
      return {
        path: ['grants', index, 'allow'],
        reason: `can need a session policy of ${bytes} bytes, and STS takes ${MAX_SESSION_POLICY_BYTES}; a claim with several values needs more, and is then refused`,
        fix: 'use fewer targets, shorter prefixes, or a maxLength on the attributes',
      };
    }),
};
