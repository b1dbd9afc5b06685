/** Finds grants that give nothing, because another grant gives all of it to the same callers. */
import { compareGrants } from '../compare-grants.ts';
import type { Rule } from '../finding.ts';

export const shadowedGrant: Rule = {
  id: 'shadowed-grant',
  severity: 'warning',
  summary: 'A grant whose callers get all of it, and more, from another grant restricts nobody',
  find: ({ grants }) =>
    compareGrants(grants)
      .filter(({ relation }) => relation === 'shadowed')
      .map(({ index, other }) => ({
        path: ['grants', index],
        reason: `gives nothing that its callers do not get from the grant ${other.name} too, so it restricts nobody, and a request that names neither is ambiguous`,
        fix: `remove it, or give ${other.name} a condition that its callers do not meet`,
      })),
};
