/** Finds grants that no request can mean without naming them. */
import { compareGrants } from '../compare-grants.ts';
import type { Rule } from '../finding.ts';

export const ambiguousGrant: Rule = {
  id: 'ambiguous-grant',
  severity: 'warning',
  summary: 'A grant whose callers and targets are also those of another must always be named',
  find: ({ grants }) =>
    compareGrants(grants)
      .filter(({ relation }) => relation === 'ambiguous')
      .map(({ index, other }) => ({
        path: ['grants', index],
        reason: `has only callers who also fit the grant ${other.name}, and only targets that it has too, so every request for it that does not name the grant is refused as ambiguous_grant`,
        fix: `put both into one grant, give ${other.name} a condition that these callers do not meet, or let every caller send Grant and silence this`,
      })),
};
