/** Finds conditions on names that change hands, where the issuer also sends an id. */
import type { Grant } from '../../config/config.ts';
import { multiTenantProblem } from '../../config-loader/multi-tenant-issuers.ts';
import type { Found, Rule } from '../finding.ts';
import { lastingClaim } from '../lasting-claims.ts';

export const mutableName: Rule = {
  id: 'mutable-name',
  severity: 'warning',
  summary: 'A condition on a name also holds for whoever gets that name next',
  find: ({ grants, issuers }) =>
    grants.flatMap((grant, index) => {
      const issuer = issuers.find(({ name }) => name === grant.issuer);
      const claims = enforcedClaims(grant);
      // the loader says so already
      const isToldBefore =
        issuer !== undefined && multiTenantProblem(issuer.issuer, claims) !== undefined;
      return isToldBefore ? [] : findIn(grant, index);
    }),
};

function findIn(grant: Grant, index: number): readonly Found[] {
  const claims = enforcedClaims(grant);
  return grant.when.flatMap(({ claim, operator, mode }, at) => {
    const name = claim.join('.');
    const known = lastingClaim(name);
    const names = operator === 'equals' || operator === 'in' || operator === 'startsWith';
    if (known === undefined || !names || mode === 'report') return [];
    const { lasting, owners } = known;
    if ([lasting, ...owners].some((one) => claims.includes(one))) return [];
    return {
      path: ['grants', index, 'when', at],
      reason: `compares ${name}, a name that can change and that somebody else can get later`,
      fix: `compare ${lasting} instead, or as well`,
    };
  });
}

function enforcedClaims({ when }: Grant): readonly string[] {
  return when.filter(({ mode }) => mode !== 'report').map(({ claim }) => claim.join('.'));
}
