/** Compares a grant with its next version: which callers fit, and what they get. */
import type { ClaimPath, Grant } from '../config/config.ts';
import { fitGrant } from '../grants/fit-grant.ts';
import { containsTarget } from '../grants/target.ts';
import type { Claims, GrantedTarget } from '../ports.ts';
import { chooseClaims } from './choose-claims.ts';
import { claimCases } from './claim-cases.ts';
import { type ClaimSpace, claimsIn, narrowClaim, pathKey, setOf } from './claim-space.ts';
import { shared, valuesOnlyIn } from './compare-claim-sets.ts';
import type { Family, GrantReach } from './grant-reach.ts';
import { ANY_TEXT } from './language.ts';
import { type Example, memberOf } from './prover.ts';

/** What one version of a grant gives and the other does not. */
export interface Surplus {
  readonly reach: GrantReach;
  readonly family: Family;
  /** Permissions, and actions beyond them. */
  readonly rights: readonly string[];
  /** The claim whose value the other version does not accept. Absent: both versions fit these callers. */
  readonly claim?: ClaimPath;
  /** Absent: none can be named, because a claim is hashed, or because too many would have to be tried. */
  readonly example?: Example;
}

/** What `reach` gives, and `other` does not. Absent: there is no such grant. */
export function surplusOf(
  reach: GrantReach | undefined,
  other: GrantReach | undefined,
): readonly Surplus[] {
  if (reach === undefined || reach.nothing !== undefined) return [];
  if (other === undefined || other.nothing !== undefined) return all(reach);
  if (isSame(reach, other)) return [];
  return [...surplusOfCallers(reach, other), ...surplusOfTargets(reach, other)];
}

/** As most grants of a change are. */
function isSame(one: GrantReach, other: GrantReach): boolean {
  const textOf = ({ grant, issuer }: GrantReach) => JSON.stringify([grant, issuer]);
  return textOf(one) === textOf(other);
}

function all(reach: GrantReach): readonly Surplus[] {
  return reach.families.map((family) => {
    const rights = rightsOf(family);
    const example = exampleOf(reach, family);
    return { reach, family, rights, ...(example === undefined ? {} : { example }) };
  });
}

/** A member of the family, with claims that get it. */
export function exampleOf(reach: GrantReach, family: Family): Example | undefined {
  const free = family.segments.flatMap(({ attribute }) =>
    attribute === undefined ? [] : [{ attribute, values: ANY_TEXT }],
  );
  const choice = chooseClaims(reach.space, free);
  if (typeof choice === 'string') return undefined;
  return { claims: choice.claims, target: memberOf(family, choice.values) };
}

/** A caller that only one version fits gets all that it gives. One claim is enough to be another caller. */
function surplusOfCallers(reach: GrantReach, other: GrantReach): readonly Surplus[] {
  for (const { path } of other.space.values()) {
    const picks = valuesOnlyIn(setOf(reach.space, path), setOf(other.space, path));
    // only one version may look at the claim
    const space = narrowClaim(reach.space, path, (set) => set);
    for (const pick of picks) {
      const fixed = new Map([[pathKey(path), pick === 'absent' ? undefined : pick.value]]);
      const claims = claimsIn(space, fixed);
      if (claims === undefined) continue;
      return reach.families.map((family) => ({
        reach,
        family,
        rights: rightsOf(family),
        claim: path,
        ...exampleWith(reach, family, claims),
      }));
    }
  }
  return [];
}

function exampleWith(
  { grant, issuer }: GrantReach,
  { template, permissions, actions }: Family,
  claims: Claims,
): Pick<Surplus, 'example'> {
  const fit = fitGrant(
    { ...grant, allow: [{ target: template, permissions, actions }] },
    issuer,
    claims,
  );
  const target = fit.fits ? fit.allowances[0]?.target : undefined;
  return { example: { claims, ...(target === undefined ? {} : { target }) } };
}

/** The callers whom both versions fit: for each case, what the pipeline makes of either version. */
function surplusOfTargets(reach: GrantReach, other: GrantReach): readonly Surplus[] {
  const space = sharedSpace(reach, other);
  if (space === undefined) return [];
  const found = new Map<string, Surplus>();
  const cases = claimCases(space, pathsOf([reach, other]), literalsOf([reach, other]));
  if (cases === undefined) return surplusByText(reach, other);
  for (const claims of cases) {
    const known = fitGrant(other.grant, other.issuer, claims);
    if (!known.fits) continue;
    for (const [index, family] of reach.families.entries()) {
      const allowance = reach.grant.allow[index];
      if (allowance === undefined) continue;
      const fit = fitGrant({ ...reach.grant, allow: [allowance] }, reach.issuer, claims);
      if (!fit.fits) continue;
      for (const { target } of fit.allowances) {
        for (const right of rightsOf(family)) {
          if (known.allowances.some((one) => gives(one, right, target))) continue;
          const before = found.get(`${index}`);
          if (before?.rights.includes(right) === true) continue;
          found.set(`${index}`, {
            reach,
            family,
            rights: [...(before?.rights ?? []), right],
            example: before?.example ?? { claims, target },
          });
        }
      }
    }
  }
  return [...found.values()];
}

/** All that the other version does not have in the same words: more than what is added, and never less. */
function surplusByText(reach: GrantReach, { families }: GrantReach): readonly Surplus[] {
  return reach.families.flatMap((family) => {
    const same = families.filter(({ template }) => template.text === family.template.text);
    const known = new Set(same.flatMap(rightsOf));
    const rights = rightsOf(family).filter((right) => !known.has(right));
    return rights.length === 0 ? [] : [{ reach, family, rights }];
  });
}

function gives(allowed: GrantedTarget, right: string, target: GrantedTarget['target']): boolean {
  return rightsOf(allowed).includes(right) && containsTarget(allowed.target, target);
}

/** Permissions and actions are told apart: a caller that asks for permissions gets no actions. */
function rightsOf({
  permissions,
  actions,
}: Pick<GrantedTarget, 'permissions' | 'actions'>): readonly string[] {
  return [...new Set([...permissions, ...actions])];
}

/** The claims that both versions fit. Undefined: there are none. */
export function sharedSpace(one: GrantReach, other: GrantReach): ClaimSpace | undefined {
  const space = new Map(
    [...one.space, ...other.space].map(([key, { path }]) => [
      key,
      { path, set: shared(setOf(one.space, path), setOf(other.space, path)) },
    ]),
  );
  return claimsIn(space) === undefined ? undefined : space;
}

function pathsOf(reaches: readonly GrantReach[]): readonly ClaimPath[] {
  const paths = reaches.flatMap(({ families }) =>
    families.flatMap(({ segments }) =>
      segments.flatMap(({ attribute }) => (attribute === undefined ? [] : [attribute.claim])),
    ),
  );
  return [...new Map(paths.map((path) => [pathKey(path), path])).values()];
}

/** What values would have to be for a segment of one target to equal the text of another. */
function literalsOf(reaches: readonly GrantReach[]): readonly string[] {
  const segments = reaches.flatMap(({ families }) => families.flatMap((family) => family.segments));
  const texts = segments.flatMap(({ before, attribute }) =>
    attribute === undefined ? [before] : [],
  );
  return [
    ...new Set(
      segments.flatMap(({ before, attribute, after }) =>
        attribute === undefined
          ? []
          : texts.flatMap((text) =>
              text.length > before.length + after.length &&
              text.startsWith(before) &&
              text.endsWith(after)
                ? [text.slice(before.length, text.length - after.length)]
                : [],
            ),
      ),
    ),
  ];
}

/** The settings of a grant that decide what its credentials are, as text. */
export function settingsOf({
  role,
  externalId,
  duration,
  restrict,
  publicAcl,
  ...others
}: Grant): ReadonlyMap<string, string> {
  const { sourceIp } = restrict;
  return new Map([
    ['role', role],
    ['externalId', externalId ?? 'none'],
    ['duration.default', `${duration.defaultSeconds}s`],
    ['duration.max', `${duration.maxSeconds}s`],
    ['duration.strict', String(duration.strict)],
    ['restrict.https', String(restrict.https)],
    [
      'restrict.sourceIp',
      sourceIp === undefined ? 'any' : [...new Set([sourceIp].flat())].sort().join(' '),
    ],
    ['publicAcl', publicAcl],
    ['tokensValidAfter', String(others.tokensValidAfter ?? 'any time')],
    ['deny.keyIds', [...new Set(others.deny?.keyIds)].sort().join(' ') || 'none'],
  ]);
}
