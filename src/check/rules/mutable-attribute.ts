/** Finds targets whose place depends on a name that changes hands. */
import type { Config, TrustedIssuer } from '../../config/config.ts';
import { multiTenantClaims } from '../../config-loader/multi-tenant-issuers.ts';
import type { Rule } from '../finding.ts';
import { lastingClaim } from '../lasting-claims.ts';

export const mutableAttribute: Rule = {
  id: 'mutable-attribute',
  severity: 'warning',
  summary: 'Whoever gets a name next also gets the objects below it',
  find: (config) =>
    config.issuers.flatMap((issuer, index) => {
      const used = attributesInTargets(config, issuer);
      return issuer.attributes.flatMap(({ name, claim }) => {
        const lasting = used.has(name) ? lastingFor(issuer, claim.join('.')) : undefined;
        if (lasting === undefined) return [];
        return {
          path: ['issuers', index, 'attributes', name, 'claim'],
          reason: `is ${claim.join('.')}, a name that can change: its next holder reaches the objects of the one before, and its old holder loses them`,
          fix: `read the attribute from ${lasting}`,
        };
      });
    }),
};

function attributesInTargets({ grants }: Config, { name }: TrustedIssuer): ReadonlySet<string> {
  const own = grants.filter(({ issuer }) => issuer === name);
  return new Set(
    own.flatMap(({ allow }) =>
      allow.flatMap(({ target }) =>
        target.key.flatMap((part) => (typeof part === 'string' ? [] : part.attribute)),
      ),
    ),
  );
}

function lastingFor({ issuer }: TrustedIssuer, claim: string): string | undefined {
  const known = lastingClaim(claim);
  if (known !== undefined) return known.lasting;
  const { lasting, recyclable } = multiTenantClaims(issuer) ?? { lasting: [], recyclable: [] };
  return recyclable.includes(claim) ? lasting[0] : undefined;
}
