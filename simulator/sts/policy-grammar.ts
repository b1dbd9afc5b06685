/** Checks the grammar of a session policy, as STS does. */
import type {
  RamConditions,
  RamPolicy,
  RamStatement,
} from '../../src/session-policy/ram-policy.ts';
import { stsError } from './error.ts';

const ACTION = /^(\*|[A-Za-z0-9*-]+:[A-Za-z0-9*?]+)$/;
const RESOURCE = /^(\*|acs:[^:]*:[^:]*:[^:]*:.+)$/s;

/** https://www.alibabacloud.com/help/en/ram/conditional-operator */
const OPERATORS: ReadonlySet<string> = new Set([
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
  ...['Numeric', 'Date'].flatMap((type) =>
    ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'].map(
      (comparison) => `${type}${comparison}`,
    ),
  ),
  'Bool',
  'IpAddress',
  'NotIpAddress',
  'IpAddressIncludeBorder',
]);

/**
 * Parses the text of a session policy. Throws InvalidParameter.PolicyGrammar for everything that the
 * documentation of the policy language does not show, including `Principal`.
 * https://www.alibabacloud.com/help/en/ram/user-guide/policy-structure-and-syntax
 */
export function parseSessionPolicy(text: string): RamPolicy {
  const policy = parseJson(text);
  if (!isPolicy(policy)) throw stsError('InvalidParameter.PolicyGrammar');
  return policy;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPolicy(value: unknown): value is RamPolicy {
  return (
    isRecord(value) &&
    hasOnly(value, ['Version', 'Statement']) &&
    value['Version'] === '1' &&
    Array.isArray(value['Statement']) &&
    value['Statement'].length > 0 &&
    value['Statement'].every(isStatement)
  );
}

function isStatement(value: unknown): value is RamStatement {
  if (!isRecord(value)) return false;
  if (!hasOnly(value, ['Effect', 'Action', 'NotAction', 'Resource', 'Condition'])) return false;
  const actions = ['Action', 'NotAction'].filter((member) => Object.hasOwn(value, member));
  return (
    (value['Effect'] === 'Allow' || value['Effect'] === 'Deny') &&
    actions.length === 1 &&
    actions.every((member) => isTextOrTexts(value[member], ACTION)) &&
    isTextOrTexts(value['Resource'], RESOURCE) &&
    (value['Condition'] === undefined || isConditions(value['Condition']))
  );
}

function isConditions(value: unknown): value is RamConditions {
  return (
    isRecord(value) &&
    Object.entries(value).every(
      ([operator, keys]) =>
        OPERATORS.has(operator) &&
        isRecord(keys) &&
        Object.values(keys).every((values) => isTextOrTexts(values, /^/)),
    )
  );
}

function isTextOrTexts(value: unknown, grammar: RegExp): boolean {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return (
    values.length > 0 && values.every((text) => typeof text === 'string' && grammar.test(text))
  );
}

function hasOnly(value: object, members: readonly string[]): boolean {
  return Object.keys(value).every((member) => members.includes(member));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
