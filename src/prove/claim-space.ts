/** All claims with which a caller fits a grant: one set of values for each claim that is looked at. */
import type { ClaimPath } from '../config/config.ts';
import type { Claims } from '../ports.ts';
import { ANYTHING, type ClaimSet, type Pick, pickFrom } from './claim-set.ts';

/** The values of each claim, whatever the others are. Claims that are not in it can be anything. */
export type ClaimSpace = ReadonlyMap<string, ClaimRule>;

export interface ClaimRule {
  readonly path: ClaimPath;
  readonly set: ClaimSet;
}

export const pathKey = (path: ClaimPath): string => JSON.stringify(path);

export function setOf(space: ClaimSpace, path: ClaimPath): ClaimSet {
  return space.get(pathKey(path))?.set ?? ANYTHING;
}

/** The space in which one claim has fewer values. */
export function narrowClaim(
  space: ClaimSpace,
  path: ClaimPath,
  narrow: (set: ClaimSet) => ClaimSet,
): ClaimSpace {
  return new Map(space).set(pathKey(path), { path, set: narrow(setOf(space, path)) });
}

interface Node {
  readonly set: ClaimSet;
  /** Takes the place of the set. */
  readonly fixed: unknown;
  readonly members: ReadonlyMap<string, Node>;
}

/**
 * Claims of the space in which the fixed claims have these values. Each fixed claim must be in the space,
 * and its value in the claim's set. A fixed value of undefined means that the claim is absent. Returns
 * undefined if no claims fit.
 */
export function claimsIn(
  space: ClaimSpace,
  fixed: ReadonlyMap<string, unknown> = new Map(),
): Claims | undefined {
  const rules = [...space.values()].map((rule) => ({ ...rule, steps: rule.path }));
  const root = toNode(rules, fixed, { isObject: true });
  const found = solve(root);
  if (found === undefined || found === 'absent') return undefined;
  return isRecord(found.value) ? found.value : undefined;
}

interface PendingRule extends ClaimRule {
  /** What is left of the path. */
  readonly steps: readonly string[];
}

function toNode(
  rules: readonly PendingRule[],
  fixed: ReadonlyMap<string, unknown>,
  unruled: ClaimSet,
): Node {
  const own = rules.find(({ steps }) => steps.length === 0);
  const members = new Map(
    [...groupByStep(rules)].map(([step, inner]) => [step, toNode(inner, fixed, ANYTHING)]),
  );
  const key = own === undefined ? undefined : pathKey(own.path);
  const isFixed = key !== undefined && fixed.has(key);
  return {
    set: isFixed ? exactly(fixed.get(key)) : (own?.set ?? unruled),
    fixed: isFixed ? fixed.get(key) : undefined,
    members,
  };
}

function groupByStep(rules: readonly PendingRule[]): ReadonlyMap<string, readonly PendingRule[]> {
  const groups = new Map<string, PendingRule[]>();
  for (const rule of rules) {
    const [step, ...steps] = rule.steps;
    if (step === undefined) continue;
    const group = groups.get(step) ?? [];
    groups.set(step, group);
    group.push({ ...rule, steps });
  }
  return groups;
}

/** Any set with this one kind of value: `solve` takes the fixed value itself. */
function exactly(value: unknown): ClaimSet {
  if (value === undefined) return { isAbsent: true };
  return isRecord(value) ? { isObject: true } : { isNull: true };
}

/** A claim that is no object has no members, so then all of them must be allowed to be absent. */
function solve(node: Node): Pick | undefined {
  const { set, fixed, members } = node;
  if ([...members.values()].every(canBeAbsent)) {
    const simple = pickFrom(set);
    if (simple === 'absent') return simple;
    if (simple !== undefined) return fixed === undefined ? simple : { value: fixed };
  }
  if (set.isObject !== true) return undefined;
  const entries: [string, unknown][] = [];
  for (const [name, member] of members) {
    const found = solve(member);
    if (found === undefined) return undefined;
    if (found !== 'absent') entries.push([name, found.value]);
  }
  // defines even a member `__proto__` as the object's own
  return { value: Object.fromEntries(entries) };
}

function canBeAbsent({ set, members }: Node): boolean {
  return set.isAbsent === true && [...members.values()].every(canBeAbsent);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
