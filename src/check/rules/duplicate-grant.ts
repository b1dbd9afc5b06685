/** Finds grants that give the same to the same callers. */
import { compareGrants } from '../compare-grants.ts';
import type { Rule } from '../finding.ts';

export const duplicateGrant: Rule = {
  id: 'duplicate-grant',
  severity: 'warning',
  summary: 'Two grants that give the same to the same callers make every request ambiguous',
  find: ({ grants }) =>
    compareGrants(grants)
      .filter(({ relation }) => relation === 'duplicate')
      .map(({ index, other }) => ({
        path: ['grants', index],
        reason: `gives the same to the same callers as the grant ${other.name}, so the broker refuses a request that names neither as ambiguous_grant`,
        fix: `remove one of the two`,
      })),
};
