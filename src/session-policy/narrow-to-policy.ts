/** Narrows a grant to the policy that a caller sent: exactly what both allow, as targets and permissions. */
import type { Permission } from '../config/config.ts';
import { formatTarget, isPrefix, keyProblem } from '../grants/target.ts';
import type {
  AskedAllowance,
  GrantedTarget,
  NamePattern,
  NarrowedGrant,
  Target,
} from '../ports.ts';
import { refuse } from '../refusal.ts';
import { LIST_ACTION, OBJECT_ACTIONS, PERMISSION_ACTIONS } from './object-actions.ts';

/** What both allow on one target. */
interface Common {
  readonly target: Target;
  readonly actions: Set<string>;
}

/** A caller's claims decide how many targets there are, and its policy how many names: this many take some 10 ms. */
const MAX_COMPARISONS = 10_000;

const PERMISSIONS: readonly Permission[] = ['read', 'write', 'list', 'delete'];

/**
 * Returns the grant with the allowances that the policy allows too. The session policy is rendered
 * from these: no text of the caller enters it, except keys that are targets. Throws the refusal
 * `policy_outside_grant` if nothing is left, if a part of what is left is no target, and if it would take
 * too many comparisons.
 */
export function narrowToPolicy(
  narrowed: NarrowedGrant,
  asked: readonly AskedAllowance[] | undefined,
): NarrowedGrant {
  if (asked === undefined) return narrowed;
  const grant = narrowed.grant.name;
  const common = new Map<string, Common>();

  function add(parts: Parts, actions: readonly string[]): void {
    if (parts === 'inexpressible') {
      const problem = 'it allows a part of the grant that is no target';
      throw refuse({ reason: 'policy_outside_grant', grant, problem });
    }
    for (const target of parts) {
      const key = formatTarget(target);
      const known = common.get(key) ?? { target, actions: new Set() };
      common.set(key, known);
      for (const action of actions) known.actions.add(action);
    }
  }

  const statements = asked.map(withoutContained);
  if (narrowed.allowances.length * countPatterns(statements) > MAX_COMPARISONS) {
    const problem = 'it has too many names for so many targets of the grant';
    throw refuse({ reason: 'policy_outside_grant', grant, problem });
  }
  for (const allowance of narrowed.allowances) {
    const granted = objectActionsOf(allowance);
    const { target } = allowance;
    for (const { actions, resources, prefixes } of statements) {
      const both = granted.filter((action) => actions.includes(action));
      // only listings have oss:Prefix, so a statement with a condition on it allows nothing else
      if (both.length > 0 && prefixes === undefined) add(objectsIn(target, resources), both);
      const isListed =
        allowance.permissions.includes('list') &&
        actions.includes(LIST_ACTION) &&
        resources.some((pattern) => matches(pattern, target.bucket));
      if (isListed) add(listingsIn(target, prefixes), [LIST_ACTION]);
    }
  }
  const allowances = [...common.values()].map(toAllowance);
  if (allowances.length === 0) {
    const problem = 'it allows nothing that the grant does';
    throw refuse({ reason: 'policy_outside_grant', grant, problem });
  }
  return { ...narrowed, allowances };
}

function countPatterns(statements: readonly AskedAllowance[]): number {
  return statements.reduce(
    (count, { resources, prefixes = [] }) => count + resources.length + prefixes.length,
    0,
  );
}

/** Targets, or `inexpressible` for names that targets cannot express. */
type Parts = readonly Target[] | 'inexpressible';

/** The objects of a target that the patterns name. */
function objectsIn(target: Target, patterns: readonly NamePattern[]): Parts {
  const name = `${target.bucket}/${target.key}`;
  if (!isPrefix(target)) return patterns.some((one) => matches(one, name)) ? [target] : [];
  return collect(patterns, (pattern) => {
    if (pattern.isPrefix && name.startsWith(pattern.text)) return [target];
    if (!pattern.text.startsWith(name)) return [];
    const key = pattern.text.slice(target.bucket.length + 1);
    return toParts({ bucket: target.bucket, key }, pattern.isPrefix);
  });
}

/** The listings of a target that the patterns allow. Without any, all of them. */
function listingsIn(target: Target, patterns: readonly NamePattern[] | undefined): Parts {
  if (patterns === undefined) return [target];
  return collect(patterns, (pattern) => {
    if (pattern.isPrefix && target.key.startsWith(pattern.text)) {
      // a listing of the whole bucket need not have oss:Prefix, and the pattern wants one
      return target.key === '' ? 'inexpressible' : [target];
    }
    if (!pattern.text.startsWith(target.key)) return [];
    // a single prefix without those below it is no target either
    return pattern.isPrefix
      ? toParts({ bucket: target.bucket, key: pattern.text }, true)
      : 'inexpressible';
  });
}

/** A target that ends with `/` covers everything below it; any other is one object. Not every pattern is one of these. */
function toParts(target: Target, isAllBelow: boolean): Parts {
  const isTarget = isPrefix(target) === isAllBelow && keyProblem(target.key) === undefined;
  return isTarget ? [target] : 'inexpressible';
}

function collect(patterns: readonly NamePattern[], toPart: (pattern: NamePattern) => Parts): Parts {
  const targets: Target[] = [];
  for (const pattern of patterns) {
    const part = toPart(pattern);
    if (part === 'inexpressible') return part;
    targets.push(...part);
  }
  return targets;
}

/** Drops patterns that another one of the same list contains: policies often name `a/` beside `a/*`. */
function withoutContained({ resources, prefixes, ...statement }: AskedAllowance): AskedAllowance {
  return {
    ...statement,
    resources: outermost(resources),
    ...(prefixes === undefined ? {} : { prefixes: outermost(prefixes) }),
  };
}

function outermost(patterns: readonly NamePattern[]): readonly NamePattern[] {
  return patterns.filter(
    (one, index) =>
      !patterns.some(
        (other, at) =>
          other.isPrefix &&
          one.text.startsWith(other.text) &&
          // of equal ones, the first stays
          (!one.isPrefix || one.text !== other.text || at < index),
      ),
  );
}

function matches({ text, isPrefix: isAllBelow }: NamePattern, name: string): boolean {
  return isAllBelow ? name.startsWith(text) : name === text;
}

function objectActionsOf({ permissions, actions }: GrantedTarget): readonly string[] {
  return [...permissions.flatMap((permission) => PERMISSION_ACTIONS[permission]), ...actions];
}

/** As permissions as far as all their actions are there, and the rest as actions. */
function toAllowance({ target, actions }: Common): GrantedTarget {
  const permissions = PERMISSIONS.filter((permission) =>
    actionsOf(permission).every((action) => actions.has(action)),
  );
  const covered = permissions.flatMap(actionsOf);
  return {
    target,
    permissions,
    actions: OBJECT_ACTIONS.filter((action) => actions.has(action) && !covered.includes(action)),
  };
}

function actionsOf(permission: Permission): readonly string[] {
  return permission === 'list' ? [LIST_ACTION] : PERMISSION_ACTIONS[permission];
}
