/** Finds grants that stand in each other's way: who fits one always fits the other, at the same targets. */
import type { Allowance, Condition, Grant } from '../config/config.ts';
import { containsTarget } from '../grants/target.ts';
import type { Target } from '../ports.ts';
import { implies } from './implies.ts';

/**
 * `duplicate`: both give the same to the same callers. `shadowed`: the other gives all of it, and more.
 * `ambiguous`: each gives something of its own, but no request can mean this one without naming it.
 */
export type Relation = 'duplicate' | 'shadowed' | 'ambiguous';

export interface RelatedGrant {
  /** Its place in the config. */
  readonly index: number;
  readonly grant: Grant;
  readonly relation: Relation;
  readonly other: Grant;
}

/** Returns each grant once, with the first other grant that stands in its way. */
export function compareGrants(all: readonly Grant[]): readonly RelatedGrant[] {
  const places = indexGrants(all);
  return all.flatMap((grant, index) => {
    if (grant.mode === 'report') return [];
    for (const at of mayCover(places, grant)) {
      const other = all[at];
      const relation = other === undefined ? undefined : relate(grant, other, index > at);
      if (other !== undefined && relation !== undefined) return [{ index, grant, relation, other }];
    }
    return [];
  });
}

/** How `grant` stands to `other`. Of two that cannot be told apart, the later one is the surplus one. */
function relate(grant: Grant, other: Grant, isLater: boolean): Relation | undefined {
  if (grant === other || !isWithin(grant, other)) return undefined;
  const isMutual = isWithin(other, grant);
  const isGivenByOther = givesAllOf(other, grant);
  const givesOther = isMutual && givesAllOf(grant, other);
  if (isMutual && isGivenByOther === givesOther && !isLater) return undefined;
  if (isGivenByOther) return givesOther ? 'duplicate' : 'shadowed';
  // then the other one is shadowed
  return givesOther ? undefined : 'ambiguous';
}

/** Whether every caller of `inner` fits `outer` too, and every target of `inner` lies in one of `outer`. */
function isWithin(inner: Grant, outer: Grant): boolean {
  const conditions = enforced(inner);
  const attributes = attributesOf(inner);
  return (
    inner.issuer === outer.issuer &&
    [...attributesOf(outer)].every((name) => attributes.has(name)) &&
    enforced(outer).every((then) => conditions.some((when) => implies(when, then))) &&
    inner.allow.every((allowance) => containing(outer, allowance).length > 0)
  );
}

/** Whether `wide` gives everything that `narrow` gives, to a caller who fits both. */
function givesAllOf(wide: Grant, narrow: Grant): boolean {
  return (
    wide.role === narrow.role &&
    wide.duration.maxSeconds >= narrow.duration.maxSeconds &&
    (!wide.restrict.https || narrow.restrict.https) &&
    (wide.restrict.sourceIp === undefined ||
      isSame(wide.restrict.sourceIp, narrow.restrict.sourceIp)) &&
    (wide.publicAcl === 'allow' || narrow.publicAcl === 'deny') &&
    isSame(switchesOf(wide), switchesOf(narrow)) &&
    narrow.allow.every((allowance) => {
      const around = containing(wide, allowance);
      return (
        allowance.permissions.every((one) => around.some((a) => a.permissions.includes(one))) &&
        allowance.actions.every((one) => around.some((a) => a.actions.includes(one)))
      );
    })
  );
}

function containing(grant: Grant, { target }: Allowance): readonly Allowance[] {
  return grant.allow.filter((allowance) =>
    containsTarget(toTarget(allowance.target), toTarget(target)),
  );
}

/** Grants of one issuer fill `{name}` with the same value, so it can stand for itself. */
function toTarget({ bucket, text }: Allowance['target']): Target {
  return { bucket, key: text.slice(`oss://${bucket}/`.length) };
}

function attributesOf({ allow }: Grant): ReadonlySet<string> {
  return new Set(
    allow.flatMap(({ target }) =>
      target.key.flatMap((part) => (typeof part === 'string' ? [] : part.attribute)),
    ),
  );
}

function enforced({ when }: Grant): Grant['when'] {
  return when.filter(({ mode }) => mode !== 'report');
}

function switchesOf({ disabled, deny, tokensValidAfter }: Grant): readonly unknown[] {
  return [disabled ?? null, deny ?? null, tokensValidAfter ?? null];
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The places of grants by issuer, target and one condition, so that not every pair must be compared. */
function indexGrants(all: readonly Grant[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [index, grant] of all.entries()) {
    if (grant.mode === 'report') continue;
    const [tests = [NO_TEST]] = enforced(grant).flatMap((condition) => {
      const found = testsOf(condition);
      return found.length === 0 ? [] : [found];
    });
    for (const { target } of grant.allow) {
      for (const test of tests) addTo(places, toKey(grant, target.text, test), index);
    }
  }
  return places;
}

/** Grants that have the first target of this one, or a prefix of it, and whose indexed condition it could imply. */
function mayCover(
  places: ReadonlyMap<string, readonly number[]>,
  grant: Grant,
): ReadonlySet<number> {
  const { text } = grant.allow[0].target;
  const ends = [...text.matchAll(/(?<!\/)\/(?!\/)/g)].map(({ index }) => index + 1);
  const prefixes = new Set([...ends.map((end) => text.slice(0, end)), text]);
  // a condition that implies another accepts none but its values, so its first value is enough
  const tests = [NO_TEST, ...enforced(grant).flatMap((one) => testsOf(one).slice(0, 1))];
  const found = [...prefixes].flatMap((prefix) =>
    tests.flatMap((test) => places.get(toKey(grant, prefix, test)) ?? []),
  );
  return new Set(found);
}

const NO_TEST = '';

/** The values that a condition accepts, one text each; none for conditions that accept too many to list. */
function testsOf(condition: Condition): readonly string[] {
  const { claim, operator } = condition;
  if (operator === 'contains') return [JSON.stringify([claim, operator, condition.value])];
  const values =
    operator === 'in' ? condition.values : operator === 'equals' ? [condition.value] : [];
  return values.map((value) => JSON.stringify([claim, 'equals', value]));
}

const toKey = ({ issuer }: Grant, target: string, test: string) => `${issuer} ${target} ${test}`;

function addTo(places: Map<string, number[]>, key: string, index: number): void {
  const list = places.get(key);
  if (list === undefined) places.set(key, [index]);
  else list.push(index);
}
