/** Decides what a verified subject token gets: matches, narrows and renders. Pure: it counts nothing and asks nobody. */
import type { Grant } from './config/config.ts';
import { indexGrants } from './grants/grant-index.ts';
import { matchGrant } from './grants/match-grant.ts';
import { narrowGrant } from './grants/narrow-grant.ts';
import type { Decide, MatchedGrant, NarrowedGrant, RenderSessionPolicy } from './ports.ts';
import { RefusalError } from './refusal.ts';
import { narrowToPolicy } from './session-policy/narrow-to-policy.ts';
import { renderGrant } from './session-policy/render-grant.ts';
import { createRoleSessionName } from './sts/role-session-name.ts';

/** Makes the decision for some grants, as if their config had no others. Their `mode` is not looked at. */
export function createDecide(grants: readonly Grant[], render: RenderSessionPolicy): Decide {
  const index = indexGrants(grants);

  return function decide(token, asked) {
    let matched: MatchedGrant | undefined;
    let narrowed: NarrowedGrant | undefined;
    try {
      matched = matchGrant(index, token, asked);
      narrowed = narrowToPolicy(narrowGrant(matched, asked), asked.policy);
      const policy = renderGrant(render, narrowed);
      const roleSessionName = createRoleSessionName(token, matched.grant.name);
      return { outcome: 'granted', ...describeMatch(matched), narrowed, policy, roleSessionName };
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      return {
        outcome: 'refused',
        refusal: error,
        ...(matched === undefined ? {} : describeMatch(matched)),
        ...(narrowed === undefined ? {} : { narrowed }),
      };
    }
  };
}

function describeMatch({ grant, allowances }: MatchedGrant) {
  return { grant, matchedTargets: allowances.length };
}
