/** Evaluates the Condition element of a RAM statement. */
import { BlockList, isIP } from 'node:net';
import { matchesGlob } from './glob.ts';
import { allMatch, anyMatches, type Match, negate, toMatch } from './match.ts';
import type { AccessRequest, RamConditions } from './ram-policy.ts';

/**
 * Whether a negated operator (`StringNotEquals`, `NotIpAddress`, …) matches if the request lacks the
 * key. The vendor does not document it, so callers choose the reading.
 */
export type AbsentKeyReading = 'matches' | 'does-not-match';

/** Compares one value of the request with one value of the policy. */
type Compare = (actual: string, expected: string) => Match;

interface Operator {
  readonly compare: Compare;
  readonly isNegated: boolean;
}

/**
 * Whether all conditions hold. Operators and keys are ANDed, and the values of one key are ORed. A
 * negated operator holds if none of the values matches. A key that the request lacks does not match,
 * unless `absentKey` says so. An unknown operator or an unreadable value is undecided.
 * https://www.alibabacloud.com/help/en/ram/conditional-operator
 */
export function matchConditions(
  conditions: RamConditions,
  context: AccessRequest['context'],
  absentKey: AbsentKeyReading,
): Match {
  return allMatch(
    Object.entries(conditions).flatMap(([name, keys]) => {
      const operator = OPERATORS.get(name);
      if (operator === undefined) return 'undecided';
      return Object.entries(keys).map(([key, expected]) => {
        const actual = Object.hasOwn(context, key) ? context[key] : undefined;
        if (actual === undefined) return toMatch(operator.isNegated && absentKey === 'matches');
        const values = typeof expected === 'string' ? [expected] : expected;
        const match = anyMatches(values.map((value) => operator.compare(actual, value)));
        return operator.isNegated ? negate(match) : match;
      });
    }),
  );
}

const compareExactly: Compare = (actual, expected) => toMatch(actual === expected);

const compareIgnoringCase: Compare = (actual, expected) =>
  toMatch(actual.toLowerCase() === expected.toLowerCase());

const comparePattern: Compare = (actual, expected) => toMatch(matchesGlob(expected, actual));

const compareBool: Compare = (actual, expected) => {
  const [left, right] = [actual.toLowerCase(), expected.toLowerCase()];
  const areReadable = [left, right].every((text) => text === 'true' || text === 'false');
  return areReadable ? toMatch(left === right) : 'undecided';
};

const compareAddress: Compare = (actual, expected) => {
  const family = addressFamily(actual);
  const [network = '', prefixLength, ...rest] = expected.split('/');
  const networkFamily = addressFamily(network);
  if (family === 0 || networkFamily === 0 || rest.length > 0) return 'undecided';
  const maxBits = networkFamily === 6 ? 128 : 32;
  const bits = prefixLength === undefined ? maxBits : readPrefixLength(prefixLength);
  if (!(bits <= maxBits)) return 'undecided';
  const block = new BlockList();
  block.addSubnet(network, bits, networkFamily === 6 ? 'ipv6' : 'ipv4');
  return toMatch(block.check(actual, family === 6 ? 'ipv6' : 'ipv4'));
};

/** 4 or 6, or 0 for anything else. An address with a zone (`fe80::1%eth0`) has a meaning only on its own machine. */
function addressFamily(text: string): number {
  return text.includes('%') ? 0 : isIP(text);
}

function readPrefixLength(text: string): number {
  return /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
}

function readNumber(text: string): number {
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** A time without a zone is unreadable, since its meaning would depend on the zone of the machine. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

function readTime(text: string): number {
  return TIME.test(text) ? Date.parse(text) : Number.NaN;
}

/** The six operators of one ordered type, e.g. `NumericLessThan`. */
function orderedOperators(
  type: string,
  read: (text: string) => number,
): readonly (readonly [string, Operator])[] {
  const ordered = (holds: (left: number, right: number) => boolean, isNegated = false) => {
    const compare: Compare = (actual, expected) => {
      const [left, right] = [read(actual), read(expected)];
      return Number.isNaN(left) || Number.isNaN(right) ? 'undecided' : toMatch(holds(left, right));
    };
    return { compare, isNegated };
  };
  return [
    [`${type}Equals`, ordered((left, right) => left === right)],
    [`${type}NotEquals`, ordered((left, right) => left === right, true)],
    [`${type}LessThan`, ordered((left, right) => left < right)],
    [`${type}LessThanEquals`, ordered((left, right) => left <= right)],
    [`${type}GreaterThan`, ordered((left, right) => left > right)],
    [`${type}GreaterThanEquals`, ordered((left, right) => left >= right)],
  ];
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['StringEquals', { compare: compareExactly, isNegated: false }],
  ['StringNotEquals', { compare: compareExactly, isNegated: true }],
  ['StringEqualsIgnoreCase', { compare: compareIgnoringCase, isNegated: false }],
  ['StringNotEqualsIgnoreCase', { compare: compareIgnoringCase, isNegated: true }],
  ['StringLike', { compare: comparePattern, isNegated: false }],
  ['StringNotLike', { compare: comparePattern, isNegated: true }],
  ...orderedOperators('Numeric', readNumber),
  ...orderedOperators('Date', readTime),
  ['Bool', { compare: compareBool, isNegated: false }],
  ['IpAddress', { compare: compareAddress, isNegated: false }],
  ['NotIpAddress', { compare: compareAddress, isNegated: true }],
  ['IpAddressIncludeBorder', { compare: compareAddress, isNegated: false }],
]);
