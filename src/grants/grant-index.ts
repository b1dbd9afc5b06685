/** Finds the grants that can fit a caller without comparing its claims with every grant. */
import type { ClaimPath, ClaimValue, Condition, Grant } from '../config/config.ts';
import type { SubjectToken } from '../ports.ts';
import { readClaim } from './claims.ts';

export interface GrantIndex {
  /** The grants of the token's issuer that can fit, in the order of the config: all that fit, and perhaps others. */
  readonly candidates: (token: Pick<SubjectToken, 'issuer' | 'claims'>) => readonly Grant[];
  /** The grant of the issuer with this name. */
  readonly named: (issuerName: string, grantName: string) => readonly Grant[];
  /** Every grant of the issuer. */
  readonly all: (issuerName: string) => readonly Grant[];
}

/** A grant and its place in the config. */
interface Placed {
  readonly grant: Grant;
  readonly place: number;
}

/** The grants of one issuer. */
interface IssuerGrants {
  readonly all: readonly Grant[];
  readonly byName: ReadonlyMap<string, Grant>;
  /** Grants without a condition to look them up by. */
  readonly others: readonly Placed[];
  /** Each other grant, by one claim that it compares and the values that it accepts. */
  readonly groups: readonly ClaimGroup[];
}

interface ClaimGroup {
  readonly claim: ClaimPath;
  readonly byValue: ReadonlyMap<unknown, readonly Placed[]>;
}

const NONE: readonly Grant[] = [];

/** Indexes grants by issuer, by name, and by one `equals` or `in` condition each. */
export function indexGrants(grants: readonly Grant[]): GrantIndex {
  const byIssuer = new Map<string, Placed[]>();
  for (const [place, grant] of grants.entries()) addTo(byIssuer, grant.issuer, { grant, place });
  const issuers = new Map([...byIssuer].map(([name, placed]) => [name, indexIssuer(placed)]));

  return {
    candidates({ issuer, claims }) {
      const indexed = issuers.get(issuer.name);
      if (indexed === undefined) return NONE;
      const { others, groups } = indexed;
      const found = groups.flatMap(
        ({ claim, byValue }) => byValue.get(readClaim(claims, claim)) ?? [],
      );
      return [...others, ...found].sort((a, b) => a.place - b.place).map(({ grant }) => grant);
    },
    named(issuerName, grantName) {
      const grant = issuers.get(issuerName)?.byName.get(grantName);
      return grant === undefined ? NONE : [grant];
    },
    all: (issuerName) => issuers.get(issuerName)?.all ?? NONE,
  };
}

function indexIssuer(placed: readonly Placed[]): IssuerGrants {
  const distinctValues = countDistinctValues(placed);
  const others: Placed[] = [];
  const groups = new Map<string, { claim: ClaimPath; byValue: Map<unknown, Placed[]> }>();
  for (const one of placed) {
    // the claim with the most values leaves the fewest candidates
    const [best] = lookUps(one.grant).sort(
      (a, b) => (distinctValues.get(b.key) ?? 0) - (distinctValues.get(a.key) ?? 0),
    );
    if (best === undefined) {
      others.push(one);
      continue;
    }
    const group = groups.get(best.key) ?? { claim: best.claim, byValue: new Map() };
    groups.set(best.key, group);
    for (const value of new Set(best.values)) addTo(group.byValue, value, one);
  }
  return {
    all: placed.map(({ grant }) => grant),
    byName: new Map(placed.map(({ grant }) => [grant.name, grant])),
    others,
    groups: [...groups.values()],
  };
}

interface LookUp {
  readonly key: string;
  readonly claim: ClaimPath;
  readonly values: readonly ClaimValue[];
}

/** The conditions of a grant that only certain values can meet. A condition in report mode excludes nobody. */
function lookUps({ when }: Grant): LookUp[] {
  return when.flatMap((condition) => {
    const values = acceptedValues(condition);
    if (values === undefined || condition.mode === 'report') return [];
    return [{ key: JSON.stringify(condition.claim), claim: condition.claim, values }];
  });
}

function acceptedValues(condition: Condition): readonly ClaimValue[] | undefined {
  if (condition.operator === 'equals') return [condition.value];
  return condition.operator === 'in' ? condition.values : undefined;
}

function countDistinctValues(placed: readonly Placed[]): ReadonlyMap<string, number> {
  const values = new Map<string, Set<ClaimValue>>();
  for (const { grant } of placed) {
    for (const { key, values: accepted } of lookUps(grant)) {
      const known = values.get(key) ?? new Set();
      values.set(key, known);
      for (const value of accepted) known.add(value);
    }
  }
  return new Map([...values].map(([key, known]) => [key, known.size]));
}

function addTo<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
