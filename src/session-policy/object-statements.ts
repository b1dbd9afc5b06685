/** Which object actions are allowed on which resources, in as few statements as possible. */
import { containsTarget, formatTarget, isPrefix } from '../grants/target.ts';
import type { Target } from '../ports.ts';
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
    dropContained(allowances).map(({ target, actions }) => ({
      actions: inOrder(actions),
      resources: [objectResource(target)],
    })),
    (statement) => statement.actions.join(),
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

/** Without the allowances whose target and actions are all within another one's. */
function dropContained(allowances: readonly ObjectAllowance[]): readonly ObjectAllowance[] {
  const distinct = new Map(
    allowances.map((allowance) => [
      `${formatTarget(allowance.target)} ${inOrder(allowance.actions).join()}`,
      allowance,
    ]),
  );
  const all = [...distinct.values()];
  return all.filter(
    (inner) =>
      !all.some(
        (outer) =>
          outer !== inner &&
          containsTarget(outer.target, inner.target) &&
          inner.actions.every((action) => outer.actions.includes(action)),
      ),
  );
}

/** `acs:oss:*:*:<bucket>/<key>`, with `*` for all that follows a prefix. OSS takes no region there. */
function objectResource(target: Target): string {
  return `acs:oss:*:*:${target.bucket}/${target.key}${isPrefix(target) ? '*' : ''}`;
}

function inOrder(actions: readonly string[]): readonly string[] {
  return OBJECT_ACTIONS.filter((action) => actions.includes(action));
}
