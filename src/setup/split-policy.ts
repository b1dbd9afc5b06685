/** Splits a policy that is too long for RAM into several that allow the same together. */
import type { RamPolicy, RamStatement } from '../session-policy/ram-policy.ts';

/** https://www.alibabacloud.com/help/en/ram/product-overview/limits */
export const MAX_POLICY_CHARACTERS = 6144;
/** How many custom policies a role or a user has at most, unless Alibaba Cloud raises the quota. */
export const MAX_POLICIES = 10;

/**
 * Returns policies of at most MAX_POLICY_CHARACTERS bytes each as JSON without white space: RAM
 * counts characters, of which there are never more than bytes. A Deny applies whichever policy it is in.
 */
export function splitPolicy(policy: RamPolicy): readonly RamPolicy[] {
  const policies: RamStatement[][] = [];
  const waiting = [...policy.Statement];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const last = policies.at(-1);
    if (last !== undefined && fits([...last, next])) {
      last.push(next);
    } else if (fits([next])) {
      policies.push([next]);
    } else {
      waiting.unshift(...halve(next));
    }
  }
  return policies.map((Statement) => ({ Version: '1', Statement }));
}

function fits(Statement: readonly RamStatement[]): boolean {
  const policy: RamPolicy = { Version: '1', Statement };
  return Buffer.byteLength(JSON.stringify(policy)) <= MAX_POLICY_CHARACTERS;
}

/** A statement is long because of its resources, its prefixes or its addresses. */
function halve(statement: RamStatement): readonly RamStatement[] {
  const { Resource, Condition = {} } = statement;
  if (typeof Resource !== 'string' && Resource.length > 1) {
    return halves(Resource).map((part) => ({ ...statement, Resource: part }));
  }
  for (const [operator, keys] of Object.entries(Condition)) {
    for (const [key, values] of Object.entries(keys)) {
      if (typeof values === 'string' || values.length < 2) continue;
      return halves(values).map((part) => ({
        ...statement,
        Condition: { ...Condition, [operator]: { ...keys, [key]: part } },
      }));
    }
  }
  throw new Error('a single resource is too long for a policy');
}

function halves(values: readonly string[]): readonly (readonly string[])[] {
  // prefixes stand in pairs, which stay together
  const middle = Math.max(1, 2 * Math.floor(values.length / 4));
  return [values.slice(0, middle), values.slice(middle)];
}
