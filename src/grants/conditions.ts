/** Evaluates conditions on claims by strict comparison, without type conversion. */
import type { ClaimValue, Condition } from '../config/config.ts';
import type { Claims } from '../ports.ts';
import { formatClaimPath, readClaim } from './claims.ts';

/**
 * Says why a condition does not hold, without the claim's value; undefined when it holds. Names both
 * types if the type of the claim is the cause.
 */
export function unmetCondition(condition: Condition, claims: Claims): string | undefined {
  const value = readClaim(claims, condition.claim);
  if (holds(condition, value)) return undefined;
  const what = `condition ${condition.operator} on claim ${formatClaimPath(condition.claim)}`;
  const mismatch = typeMismatch(condition, value);
  return `${what} does not hold${mismatch === undefined ? '' : `: ${mismatch}`}`;
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
      // null counts neither as present nor as absent, so it satisfies neither value of exists
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

/** What type of claim the condition needs and which one it has; undefined if the type is not the cause. */
function typeMismatch(condition: Condition, value: unknown): string | undefined {
  const needed = neededTypes(condition);
  const found = typeName(value);
  if (needed.length === 0) return undefined;
  if (!needed.includes(found)) return `it needs ${needed.join(' or ')}, and the claim is ${found}`;
  if (condition.operator !== 'contains' || !Array.isArray(value) || value.length === 0) return;
  const item = typeName(condition.value);
  const items = [...new Set(value.map(typeName))].sort();
  if (items.includes(item)) return undefined;
  return `it needs an array with ${item}, and the claim has only ${items.join(' and ')}`;
}

function neededTypes(condition: Condition): readonly string[] {
  switch (condition.operator) {
    case 'equals':
      return [typeName(condition.value)];
    case 'in':
      return [...new Set(condition.values.map(typeName))];
    case 'contains':
      return ['an array'];
    case 'startsWith':
      return ['a string'];
    case 'exists':
      return [];
  }
}

/** With its article, for messages. */
function typeName(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
