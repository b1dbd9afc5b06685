/** Which object actions are allowed on which resources, in as few statements as possible. */
import { isPrefix } from '../grants/target.ts';
import type { Target } from '../ports.ts';
import { dropContained } from './drop-contained.ts';
import { OBJECT_ACTIONS } from './object-actions.ts';

/** Object actions that are allowed on one target. */
export interface ObjectAllowance {
  readonly target: Target;
  readonly actions: readonly string[];
}

/** One statement to be: every action on every resource. */
export interface ObjectStatement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/**
 * Drops what another allowance already holds, then puts the allowances with the same actions into
 * one statement. Longer or further-apart keys can only make the result longer, which is what the
 * worst case is computed from.
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
 * Shortens the statements further: the same resources go into one statement, and then again the
 * same actions. Only equal sets are ever joined, because joining others would allow their product.
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

/** `acs:oss:*:*:<bucket>/<key>`, with `*` for all that follows a prefix. OSS takes no region there. */
export function objectResource(target: Target): string {
  return `acs:oss:*:*:${target.bucket}/${target.key}${isPrefix(target) ? '*' : ''}`;
}

function inOrder(actions: readonly string[]): readonly string[] {
  return OBJECT_ACTIONS.filter((action) => actions.includes(action));
}
