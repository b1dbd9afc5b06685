/** Leaves out the allowances that lie within another one, without comparing each with each. */
import { containsTarget } from '../grants/target.ts';
import type { Target } from '../ports.ts';

interface Allowed {
  readonly target: Target;
  /** Each once. */
  readonly actions: readonly string[];
}

/**
 * Drops each allowance whose target and actions are all within another one's. Of equal ones, one
 * stays. A caller's claims decide how many there are, so this takes about n log n steps, times the
 * depth to which the targets are nested.
 */
export function dropContained<Item extends Allowed>(allowances: readonly Item[]): readonly Item[] {
  const sorted = allowances
    .map((allowance) => ({ allowance, path: pathOf(allowance.target) }))
    .sort(
      (left, right) =>
        compareText(left.path, right.path) ||
        right.allowance.actions.length - left.allowance.actions.length,
    );
  const kept: Item[] = [];
  // in this order, everything inside a prefix follows it directly, so the enclosing targets form a stack
  const around: Item[] = [];
  for (const { allowance } of sorted) {
    for (let last = around.at(-1); last !== undefined; last = around.at(-1)) {
      if (containsTarget(last.target, allowance.target)) break;
      around.pop();
    }
    if (around.some((outer) => allowance.actions.every((action) => outer.actions.includes(action))))
      continue;
    around.push(allowance);
    kept.push(allowance);
  }
  return kept;
}

function pathOf({ bucket, key }: Target): string {
  return `${bucket}/${key}`;
}

/** By code unit, as prefixes are compared. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
