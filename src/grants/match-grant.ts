/** Matching: which one grant serves this caller and this request. */
import type { Grant } from '../config/config.ts';
import type { MatchedGrant, SubjectToken, Target } from '../ports.ts';
import { type Misfit, refuse } from '../refusal.ts';
import { fitGrant } from './fit-grant.ts';
import type { GrantIndex } from './grant-index.ts';
import { coversTarget } from './narrow-allowances.ts';

/** A refusal explains this many grants: enough for an operator, and no work that grows with the config. */
const MAX_MISFITS = 100;

/**
 * Returns the grant that the caller names by itself or by its role, or the only one that fits (and
 * covers the target, if one is asked for). Throws the refusals `no_grant_fits`, `grant_not_available`, `target_outside_grant` and
 * `ambiguous_grant`. A grant that does not exist and one that does not fit look the same.
 */
export function matchGrant(
  index: GrantIndex,
  token: SubjectToken,
  asked: {
    readonly grant?: string | undefined;
    readonly roleArn?: string | undefined;
    readonly target?: Target | undefined;
  },
): MatchedGrant {
  const { issuer, claims } = token;
  const named = asked.grant === undefined ? undefined : index.named(issuer.name, asked.grant);
  const { roleArn } = asked;
  const hasRole = (grant: Grant) => roleArn === undefined || isNamedBy(roleArn, grant);
  const fitting = (named ?? index.candidates(token))
    .filter(hasRole)
    .map((grant) => fitGrant(grant, issuer, claims))
    .filter((fit) => fit.fits);
  if (fitting.length === 0) {
    const isAnyGrant = named === undefined && roleArn === undefined;
    const reason = isAnyGrant ? 'no_grant_fits' : 'grant_not_available';
    throw refuse({ reason, ...explain((named ?? index.all(issuer.name)).filter(hasRole), token) });
  }

  const { target } = asked;
  const covering =
    target === undefined
      ? fitting
      : fitting.filter(({ allowances }) => coversTarget(allowances, target));
  const [only, another] = covering;
  if (only === undefined) {
    throw refuse({
      reason: 'target_outside_grant',
      grants: fitting.map(({ grant }) => grant.name),
    });
  }
  if (another !== undefined) {
    throw refuse({ reason: 'ambiguous_grant', grants: covering.map(({ grant }) => grant.name) });
  }
  return only;
}

/**
 * Whether a role ARN means this grant: as its role, or as its alias, a role of the same account that
 * has the grant's name. An alias tells grants that share a role apart.
 */
function isNamedBy(roleArn: string, { name, role }: Grant): boolean {
  return roleArn === role || roleArn === `${role.slice(0, role.indexOf('/'))}/${name}`;
}

/** Says why the first grants do not fit, and how many there are if that leaves some out. */
function explain(
  grants: readonly Grant[],
  { issuer, claims }: SubjectToken,
): { readonly misfits: readonly Misfit[]; readonly grantCount?: number } {
  const misfits = grants.slice(0, MAX_MISFITS).flatMap((grant) => {
    const fit = fitGrant(grant, issuer, claims);
    return fit.fits ? [] : [{ grant: grant.name, why: fit.why }];
  });
  return grants.length > MAX_MISFITS ? { misfits, grantCount: grants.length } : { misfits };
}
