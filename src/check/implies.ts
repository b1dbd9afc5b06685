/** Says which conditions hold because another one does, by asking the pipeline's own code. */
import type { ClaimPath, ClaimValue, Condition } from '../config/config.ts';
import { unmetCondition } from '../grants/conditions.ts';
import type { Claims } from '../ports.ts';

/**
 * True only if `then` holds for every caller for whom `when` holds. Both are enforced. False also
 * where that is not easy to see.
 */
export function implies(when: Condition, then: Condition): boolean {
  if (JSON.stringify(when.claim) !== JSON.stringify(then.claim)) return false;
  if (isSameTest(when, then)) return true;
  switch (when.operator) {
    case 'equals':
      return holdsFor(when.claim, [when.value], then);
    case 'in':
      return holdsFor(when.claim, when.values, then);
    case 'contains':
      return isExists(then) || (then.operator === 'contains' && then.value === when.value);
    case 'startsWith':
      return (
        isExists(then) ||
        (then.operator === 'startsWith' && holdsFor(when.claim, [when.value], then))
      );
    case 'exists':
      return false;
  }
}

/** Whether the condition holds for each of these values of the claim. */
function holdsFor(claim: ClaimPath, values: readonly ClaimValue[], condition: Condition): boolean {
  return values.every((value) => unmetCondition(condition, claimsWith(claim, value)) === undefined);
}

function claimsWith(claim: ClaimPath, value: ClaimValue): Claims {
  const [last, ...outer] = [...claim].reverse();
  const inner = { [last ?? '']: value };
  return outer.reduce<Claims>((claims, name) => ({ [name]: claims }), inner);
}

function isExists(condition: Condition): boolean {
  return condition.operator === 'exists' && condition.value;
}

function isSameTest(one: Condition, other: Condition): boolean {
  const { mode: _mode, ...first } = one;
  const { mode: _other, ...second } = other;
  return JSON.stringify(first) === JSON.stringify(second);
}
