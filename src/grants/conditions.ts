/** Conditions on claims: typed, without conversion. */
import type { ClaimValue, Condition } from '../config/config.ts';
import { isUnsafeNumber } from '../lib/is-unsafe-number.ts';
import type { Claims } from '../ports.ts';
import { formatClaimPath, readClaim } from './claims.ts';

/** Says why a condition does not hold, without the claim's value; undefined when it holds. */
export function unmetCondition(condition: Condition, claims: Claims): string | undefined {
  const value = readClaim(claims, condition.claim);
  if (holds(condition, value)) return undefined;
  return `condition ${condition.operator} on claim ${formatClaimPath(condition.claim)} does not hold`;
}

function holds(condition: Condition, value: unknown): boolean {
  switch (condition.operator) {
    case 'equals':
      return isSame(value, condition.value);
    case 'in':
      return condition.values.some((allowed) => isSame(value, allowed));
    case 'contains':
      return Array.isArray(value) && value.some((one) => isSame(one, condition.value));
    case 'startsWith':
      return typeof value === 'string' && value.startsWith(condition.value);
    case 'exists':
      // null is neither there nor absent, so it satisfies neither reading
      return condition.value ? value !== undefined && value !== null : value === undefined;
  }
}

/** A number beyond 2^53 is the same as nothing, since its neighbours look like it. */
function isSame(value: unknown, wanted: ClaimValue): boolean {
  return value === wanted && !isUnsafeNumber(wanted);
}
