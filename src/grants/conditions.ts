/** Evaluates conditions on claims by strict comparison, without type conversion. */
import type { Condition } from '../config/config.ts';
import type { Claims } from '../ports.ts';
import { formatClaimPath, readClaim } from './claims.ts';

/** Says why a condition does not hold, without the claim's value. Undefined if it holds. */
export function unmetCondition(condition: Condition, claims: Claims): string | undefined {
  const value = readClaim(claims, condition.claim);
  if (holds(condition, value)) return undefined;
  return `condition ${condition.operator} on claim ${formatClaimPath(condition.claim)} does not hold`;
}

function holds(condition: Condition, value: unknown): boolean {
  switch (condition.operator) {
    case 'equals':
      return value === condition.value;
    case 'in':
      return condition.values.some((allowed) => value === allowed);
    case 'contains':
      return Array.isArray(value) && value.includes(condition.value);
    case 'startsWith':
      return typeof value === 'string' && value.startsWith(condition.value);
    case 'exists':
      // null counts neither as present nor as absent, so it satisfies neither value of exists
      return condition.value ? value !== undefined && value !== null : value === undefined;
  }
}
