/** Checks an upload against the policy of a PostObject form: its expiry and its conditions. */
import { ossError } from './error.ts';

export interface PostedUpload {
  /** Lower-case names, including `bucket`. */
  readonly fields: ReadonlyMap<string, string>;
  readonly size: number;
  /** Fields that the policy must bind, because only the policy is signed. */
  readonly boundFields: readonly string[];
}

interface PostPolicy {
  readonly expiresAtMs: number;
  readonly conditions: readonly unknown[];
}

/**
 * Throws an OssError unless the policy, in Base64, allows this upload now. An unreadable condition
 * does not hold.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/signature-version-4-recommend
 */
export function checkPostPolicy(policy: string, upload: PostedUpload, nowMs: number): void {
  const { expiresAtMs, conditions } = parsePolicy(policy);
  if (!(nowMs < expiresAtMs)) {
    throw ossError('PolicyViolated', 'Invalid according to Policy: Policy expired.');
  }
  for (const name of upload.boundFields) {
    if (!conditions.some((condition) => isExactly(condition, name))) {
      throw ossError('InvalidPolicyDocument', `The policy has no condition for ${name}.`);
    }
  }
  for (const condition of conditions) checkCondition(condition, upload);
}

function parsePolicy(policy: string): PostPolicy {
  const document = parseJson(Buffer.from(policy, 'base64').toString());
  if (typeof document !== 'object' || document === null) throw ossError('InvalidPolicyDocument');
  const expiration = 'expiration' in document ? document.expiration : undefined;
  const conditions = 'conditions' in document ? document.conditions : undefined;
  if (typeof expiration !== 'string' || !Array.isArray(conditions)) {
    throw ossError('InvalidPolicyDocument');
  }
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/.test(expiration)) {
    throw ossError('InvalidPolicyDocument', 'The expiration is not a time in UTC.');
  }
  return { expiresAtMs: Date.parse(expiration), conditions };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw ossError('InvalidPolicyDocument');
  }
}

/** `{"name": "value"}` or `["eq", "$name", "value"]`. */
function isExactly(condition: unknown, name: string): boolean {
  if (Array.isArray(condition)) return condition[0] === 'eq' && fieldOf(condition[1]) === name;
  if (typeof condition !== 'object' || condition === null) return false;
  return Object.keys(condition).some((key) => key.toLowerCase() === name);
}

function checkCondition(condition: unknown, { fields, size }: PostedUpload): void {
  if (Array.isArray(condition) && condition[0] === 'content-length-range') {
    checkSize(condition, size);
  } else if (!holds(condition, fields)) {
    const shown = JSON.stringify(condition);
    throw ossError(
      'PolicyViolated',
      `Invalid according to Policy: Policy Condition failed: ${shown}`,
    );
  }
}

function checkSize([, min, max]: readonly unknown[], size: number): void {
  if (!isByteCount(min) || !isByteCount(max) || min > max) throw ossError('InvalidPolicyDocument');
  if (size > max) throw ossError('EntityTooLarge');
  if (size < min) throw ossError('EntityTooSmall');
}

function isByteCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function holds(condition: unknown, fields: ReadonlyMap<string, string>): boolean {
  if (!Array.isArray(condition)) {
    if (typeof condition !== 'object' || condition === null) return false;
    return Object.entries(condition).every(
      ([name, expected]) => (fields.get(name.toLowerCase()) ?? '') === expected,
    );
  }
  const [operator, name, expected]: readonly unknown[] = condition;
  const value = fields.get(fieldOf(name)) ?? '';
  switch (operator) {
    case 'eq':
      return value === expected;
    case 'starts-with':
      return typeof expected === 'string' && value.startsWith(expected);
    case 'in':
      return Array.isArray(expected) && expected.includes(value);
    case 'not-in':
      return Array.isArray(expected) && !expected.includes(value);
    default:
      return false;
  }
}

/** `$key` names the field `key`, in any case. */
function fieldOf(name: unknown): string {
  return typeof name === 'string' ? name.replace(/^\$/, '').toLowerCase() : '';
}
