/** Finds the one grant that serves a request. */
import type { Grant } from '../config/config.ts';
import type { MatchedGrant, SubjectToken, Target } from '../ports.ts';
import { type Misfit, refuse } from '../refusal.ts';
import { type Fit, fitGrant } from './fit-grant.ts';
import { coversTarget } from './narrow-allowances.ts';

/**
 * Returns the grant that the caller names, or the only one that fits (and covers the target, if the
 * caller asks for one). Throws the refusals `no_grant_fits`, `grant_not_available`,
 * `target_outside_grant` and `ambiguous_grant`. Callers cannot distinguish a grant that does not
 * exist from one that does not fit. A grant in report mode is treated as if it did not exist.
 */
export function matchGrant(
  grants: readonly Grant[],
  token: SubjectToken,
  asked: { readonly grant?: string | undefined; readonly target?: Target | undefined },
): MatchedGrant {
  const fits = grants
    .filter((grant) => grant.issuer === token.issuer.name && grant.mode !== 'report')
    .filter((grant) => asked.grant === undefined || grant.name === asked.grant)
    .map((grant) => fitGrant(grant, token.issuer, token.claims));
  const fitting = fits.filter((fit) => fit.fits);
  if (fitting.length === 0) {
    const reason = asked.grant === undefined ? 'no_grant_fits' : 'grant_not_available';
    throw refuse({ reason, misfits: fits.flatMap(toMisfit) });
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

function toMisfit(fit: Fit): readonly Misfit[] {
  return fit.fits ? [] : [{ grant: fit.grant.name, why: fit.why }];
}
