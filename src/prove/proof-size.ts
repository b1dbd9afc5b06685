/** Says which configs are too large to compute what they can ever issue. */
import type { Assertion } from '../config/assertion.ts';
import type { Condition, Config } from '../config/config.ts';
import type { DenyLists } from '../config/limit-settings.ts';

/** Each costs a state of several automata, some kilobytes in all: this many need about half a gigabyte and five seconds. */
const MAX_CHARACTERS = 200_000;

/** An assertion is compared with every grant, and without a target in every bucket. This many take about ten seconds. */
const MAX_COMPARISONS = 5_000_000;

/** Why the assertions are not checked, and what to do. Undefined: they can be. */
export function assertionsProblem(
  { buckets, grants }: Pick<Config, 'buckets' | 'grants'>,
  assertions: readonly Assertion[],
): string | undefined {
  const places = assertions.reduce(
    (sum, { target }) => sum + (target === undefined ? buckets.length : 1),
    0,
  );
  const comparisons = places * grants.length;
  if (comparisons <= MAX_COMPARISONS) return undefined;
  return `the assertions take ${comparisons} comparisons with grants, and at most ${MAX_COMPARISONS} are made; remove some`;
}

/** Why nothing is proved about the config, and what to do. Undefined: it can be. */
export function sizeProblem({
  issuers,
  grants,
}: Pick<Config, 'issuers' | 'grants'>): string | undefined {
  const denied = new Map(issuers.map(({ name, deny }) => [name, lengthOfDenied(deny)]));
  const ofIssuers = [...denied.values()];
  const ofGrants = grants.map(({ issuer, deny, when }) => {
    const own = lengthOfDenied(deny);
    // the lists of a grant are joined with those of its issuer, and those of the issuer are shared
    const joined = own === 0 ? 0 : own + (denied.get(issuer) ?? 0);
    return joined + when.reduce((sum, condition) => sum + lengthOfTexts(condition), 0);
  });
  const length = [...ofIssuers, ...ofGrants].reduce((sum, one) => sum + one, 0);
  if (length <= MAX_CHARACTERS) return undefined;
  return `the deny lists and conditions of all grants have ${length} characters together, and at most ${MAX_CHARACTERS} can be compared; shorten them`;
}

function lengthOfDenied(deny: DenyLists | undefined): number {
  return lengthOf([...(deny?.subjects ?? []), ...(deny?.tokenIds ?? [])]);
}

function lengthOfTexts(condition: Condition): number {
  return lengthOf(condition.operator === 'in' ? condition.values : [condition.value]);
}

function lengthOf(values: readonly unknown[]): number {
  return values.reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
    0,
  );
}
