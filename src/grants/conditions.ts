/** Conditions on claims: typed, without conversion. */
import type { ClaimValue, Condition } from '../config/config.ts';
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
      return Array.isArray(value) && value.some((item) => isSame(item, condition.value));
    case 'startsWith':
      return typeof value === 'string' && value.startsWith(condition.value);
    case 'exists':
      // null is neither there nor absent, so it satisfies neither reading
      return condition.value ? value !== undefined && value !== null : value === undefined;
  }
}

function isSame(value: unknown, wanted: ClaimValue): boolean {
  return value === wanted && (typeof wanted !== 'number' || isExactNumber(wanted));
}

/**
 * Whether a parsed number is the one that was written. Integers beyond 2^53 are rounded to a neighbour
 * (RFC 8259 section 6), so they must not decide anything.
 */
export function isExactNumber(value: number): boolean {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}
