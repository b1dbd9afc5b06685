/** Groups the allowed object actions and their resources into as few statements as possible. */
import { isPrefix } from '../grants/target.ts';
import type { Target } from '../ports.ts';
import { dropContained } from './drop-contained.ts';
import { OBJECT_ACTIONS } from './object-actions.ts';

/** Object actions that are allowed on one target. */
export interface ObjectAllowance {
  readonly target: Target;
  readonly actions: readonly string[];
}

/** A statement to render: every action on every resource. */
export interface ObjectStatement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/**
 * Drops allowances that another allowance contains, then groups those with the same actions into one
 * statement. Longer or more distinct keys can only make the result longer. The computation of the
 * worst case relies on this.
 */
export function groupByActions(allowances: readonly ObjectAllowance[]): readonly ObjectStatement[] {
  return combine(
    outermostObjects(allowances).map(({ target, actions }) => ({
      actions,
      resources: [objectResource(target)],
    })),
    (statement) => statement.actions.join(),
  );
}

/** The allowances that no other one holds: each of their resources stands in the policy. */
export function outermostObjects(
  allowances: readonly ObjectAllowance[],
): readonly ObjectAllowance[] {
  return dropContained(
    allowances.map(({ target, actions }) => ({ target, actions: inOrder(actions) })),
  );
}

/**
 * Merges statements with the same resources, and then again those with the same actions. Only equal
 * sets are merged, because merging others would allow every action on every resource of both.
 */
export function mergeStatements(
  statements: readonly ObjectStatement[],
): readonly ObjectStatement[] {
  const byResources = combine(statements, (statement) => JSON.stringify(statement.resources));
  return combine(byResources, (statement) => statement.actions.join());
}

function combine(
  statements: readonly ObjectStatement[],
  keyOf: (statement: ObjectStatement) => string,
): readonly ObjectStatement[] {
  const combined = new Map<string, ObjectStatement>();
  for (const statement of statements) {
    const key = keyOf(statement);
    const { actions, resources } = combined.get(key) ?? { actions: [], resources: [] };
    combined.set(key, {
      actions: inOrder([...actions, ...statement.actions]),
      resources: [...new Set([...resources, ...statement.resources])].sort(),
    });
  }
  return [...combined.values()];
}

/** `acs:oss:*:*:<bucket>/<key>`, with `*` after a prefix. OSS accepts no region there. */
export function objectResource(target: Target): string {
  return `acs:oss:*:*:${target.bucket}/${target.key}${isPrefix(target) ? '*' : ''}`;
}

function inOrder(actions: readonly string[]): readonly string[] {
  return OBJECT_ACTIONS.filter((action) => actions.includes(action));
}
