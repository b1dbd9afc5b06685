import { describe, expect, it } from 'vitest';
import { evaluatePolicy } from '../../src/session-policy/evaluate.ts';
import type {
  AccessRequest,
  RamConditions,
  RamPolicy,
  RamStatement,
} from '../../src/session-policy/ram-policy.ts';

const OBJECT = 'acs:oss:*:123456789012:app-media/users/1/a.txt';

function policyOf(...statements: readonly RamStatement[]): RamPolicy {
  return { Version: '1', Statement: statements };
}

function allow(statement: Partial<RamStatement> = {}): RamStatement {
  return { Effect: 'Allow', Action: '*', Resource: '*', ...statement };
}

function ask(request: Partial<AccessRequest> = {}): AccessRequest {
  return { action: 'oss:GetObject', resource: OBJECT, context: {}, ...request };
}

describe('evaluatePolicy', () => {
  it('lets a Deny win over an Allow in any order', () => {
    const deny: RamStatement = { Effect: 'Deny', Action: 'oss:GetObject', Resource: '*' };
    expect(evaluatePolicy([policyOf(deny, allow())], ask())).toBe('Deny');
    expect(evaluatePolicy([policyOf(allow(), deny)], ask())).toBe('Deny');
    expect(evaluatePolicy([policyOf(allow()), policyOf(deny)], ask())).toBe('Deny');
    expect(evaluatePolicy([policyOf(allow(), deny)], ask({ action: 'oss:PutObject' }))).toBe(
      'Allow',
    );
  });

  it('returns NoMatch if no statement matches the request', () => {
    expect(evaluatePolicy([], ask())).toBe('NoMatch');
    expect(evaluatePolicy([policyOf(allow({ Action: 'ecs:*' }))], ask())).toBe('NoMatch');
  });

  const ACTIONS: readonly (readonly [string | readonly string[], string, boolean])[] = [
    ['oss:GetObject', 'oss:GetObject', true],
    ['oss:getobject', 'oss:GetObject', true],
    ['oss:Get*', 'oss:GetObjectAcl', true],
    ['oss:*', 'oss:PutBucketPolicy', true],
    ['*', 'ram:CreateUser', true],
    ['oss:GetObjec?', 'oss:GetObject', true],
    ['oss:GetObject?', 'oss:GetObject', false],
    ['oss:GetObject', 'oss:GetObjectAcl', false],
    ['oss:GetObject', 'oss:*', false],
    ['oss:*', 'ossx:GetObject', false],
    [['oss:PutObject', 'oss:GetObject'], 'oss:GetObject', true],
    [['oss:PutObject', 'oss:GetObject'], 'oss:DeleteObject', false],
  ];
  it.each(ACTIONS)('matches Action %j with %s: %s', (Action, action, isMatching) => {
    const verdict = evaluatePolicy([policyOf(allow({ Action }))], ask({ action }));
    expect(verdict).toBe(isMatching ? 'Allow' : 'NoMatch');
  });

  it('matches NotAction with every other action', () => {
    const policy = policyOf({ Effect: 'Allow', NotAction: ['ram:*', 'sts:*'], Resource: '*' });
    expect(evaluatePolicy([policy], ask())).toBe('Allow');
    expect(evaluatePolicy([policy], ask({ action: 'ram:CreateUser' }))).toBe('NoMatch');
  });

  const RESOURCES: readonly (readonly [string, string, boolean])[] = [
    ['*', OBJECT, true],
    ['acs:oss:*:*:app-media/users/1/*', OBJECT, true],
    ['acs:oss:*:123456789012:app-media/users/1/a.txt', OBJECT, true],
    ['acs:oss:*:*:app-media/users/*/a.txt', OBJECT, true],
    ['acs:oss:*:*:*/a.txt', OBJECT, true],
    ['acs:oss:*:*:app-media/users/1/a.tx?', OBJECT, true],
    ['acs:oss:*:*:app-media/users/1/*', 'acs:oss:*:1:app-media/users/1/', true],
    ['acs:oss:*:*:app-media/users/1/*', 'acs:oss:*:1:app-media/users/1/x/y', true],
    ['acs:oss:*:*:app-media/users/1/*', 'acs:oss:*:1:app-media/users/10/x', false],
    ['acs:oss:*:*:app-media/users/1/*', 'acs:oss:*:1:app-media/users/1', false],
    ['acs:oss:*:*:app-media', 'acs:oss:*:1:app-media', true],
    ['acs:oss:*:*:app-media', 'acs:oss:*:1:app-media/x', false],
    ['acs:oss:*:*:app-media/*', 'acs:oss:*:1:app-media', false],
    ['acs:oss:*:*:app-media/*', 'acs:oss:*:1:app-media-2/x', false],
    // the account is compared if both sides name it
    ['acs:oss:*:1:app-media/*', 'acs:oss:*:2:app-media/x', false],
    ['acs:oss:*:1:app-media/*', 'acs:oss:*:*:app-media/x', true],
    ['acs:oss:oss-cn-hangzhou:*:app-media/*', 'acs:oss:*:1:app-media/x', true],
    ['acs:oss:oss-cn-hangzhou:*:app-media/*', 'acs:oss:oss-cn-beijing:1:app-media/x', false],
    // a wildcard stays in its field
    ['acs:oss:*:app-media/x', 'acs:oss:*:1:app-media/x', false],
    ['acs:*:app-media/x', 'acs:oss:*:1:app-media/x', false],
    ['acs:oss:*:*:app-media/*', 'acs:ram:*:1:app-media/x', false],
    ['acs:oss:*:*:app-media/x', 'acs:*:*:1:app-media/x', false],
    // keys are literal and may contain any characters
    ['acs:oss:*:*:app-media/users/1/x', 'acs:oss:*:1:app-media/users/*/x', false],
    ['acs:oss:*:*:app-media/users/1/x', 'acs:oss:*:1:app-media/*', false],
    ['acs:oss:*:*:app-media/users/1/x', 'acs:oss:*:1:app-media/users/?/x', false],
    ['acs:oss:*:*:app-media/*', 'acs:oss:*:1:app-media/a:b:c*?', true],
    ['acs:oss:*:*:app-media/*', 'acs:oss:*:1:other/:acs:oss:*:1:app-media/x', false],
    ['acs:oss:*:*:app-media/a?c', 'acs:oss:*:1:app-media/a😀c', true],
    ['acs:oss:*:*:app-media/*', 'acs:oss:*:1:app-media/a\nb', true],
    ['acs:oss:*:*:app-media/Users/*', 'acs:oss:*:1:app-media/users/x', false],
  ];
  it.each(RESOURCES)('matches Resource %s with %s: %s', (Resource, resource, isMatching) => {
    const verdict = evaluatePolicy([policyOf(allow({ Resource }))], ask({ resource }));
    expect(verdict).toBe(isMatching ? 'Allow' : 'NoMatch');
  });

  const UNREADABLE_RESOURCES = [
    '',
    'acs',
    'acs:oss',
    'acs:oss:*',
    'acs:oss:*:*',
    'acs:oss:*:app-media/users/1/a.txt',
    'arn:oss:*:*:app-media/users/1/a.txt',
    '*:oss:*:*:app-media/users/1/a.txt',
  ];
  it.each(UNREADABLE_RESOURCES)('fails closed with the Resource %j', (Resource) => {
    expect(evaluatePolicy([policyOf(allow({ Resource }))], ask())).toBe('NoMatch');
    expect(evaluatePolicy([policyOf(allow({ Effect: 'Deny', Resource }))], ask())).toBe('Deny');
  });

  it.each(UNREADABLE_RESOURCES)('fails closed for a request for %j', (resource) => {
    const Resource = 'acs:oss:*:*:*';
    const judge = (Effect: RamStatement['Effect']) =>
      evaluatePolicy([policyOf(allow({ Effect, Resource }))], ask({ resource }));
    expect(judge('Allow')).toBe('NoMatch');
    expect(judge('Deny')).toBe('Deny');
  });

  it('evaluates a malicious pattern without delay', () => {
    const Resource = `acs:oss:*:*:app-media/${'a*'.repeat(200)}b`;
    const resource = `acs:oss:*:1:app-media/${'a'.repeat(1000)}`;
    expect(evaluatePolicy([policyOf(allow({ Resource }))], ask({ resource }))).toBe('NoMatch');
    expect(evaluatePolicy([policyOf(allow({ Resource }))], ask({ resource: `${resource}b` }))).toBe(
      'Allow',
    );
  });
});

type ConditionRow = readonly [
  operator: string,
  expected: string | readonly string[],
  actual: string,
  isMatching: boolean,
];

const CONDITIONS: readonly ConditionRow[] = [
  ['StringEquals', 'a', 'a', true],
  ['StringEquals', 'a', 'A', false],
  ['StringEquals', 'a*', 'ab', false],
  ['StringEquals', ['a', 'b'], 'b', true],
  ['StringNotEquals', 'a', 'b', true],
  ['StringNotEquals', 'a', 'a', false],
  ['StringNotEquals', ['a', 'b'], 'b', false],
  ['StringEqualsIgnoreCase', 'a', 'A', true],
  ['StringEqualsIgnoreCase', 'a', 'b', false],
  ['StringNotEqualsIgnoreCase', 'a', 'b', true],
  ['StringNotEqualsIgnoreCase', 'a', 'A', false],
  ['StringLike', 'u/1/*', 'u/1/x', true],
  ['StringLike', 'u/1/*', 'u/10/', false],
  ['StringLike', 'u/?/', 'u/1/', true],
  ['StringLike', 'u/1/*', 'u/*/', false],
  ['StringLike', 'U/*', 'u/1', false],
  ['StringNotLike', 'u/*', 'v/1', true],
  ['StringNotLike', 'u/*', 'u/1', false],
  ['NumericEquals', '10', '10.0', true],
  ['NumericEquals', '10', '11', false],
  ['NumericEquals', '-10.25', '-10.250', true],
  ['NumericNotEquals', '10', '11', true],
  ['NumericNotEquals', '10', '10', false],
  ['NumericLessThan', '10', '9', true],
  ['NumericLessThan', '10', '10', false],
  ['NumericLessThanEquals', '10', '10', true],
  ['NumericLessThanEquals', '10', '11', false],
  ['NumericGreaterThan', '10', '11', true],
  ['NumericGreaterThan', '10', '10', false],
  ['NumericGreaterThanEquals', '10', '10', true],
  ['NumericGreaterThanEquals', '10', '9', false],
  ['DateEquals', '2026-11-23T10:00:00Z', '2026-11-23T18:00:00+08:00', true],
  ['DateEquals', '2026-11-23T10:00:00Z', '2026-11-23T10:00:01Z', false],
  ['DateEquals', '2026-11-23T10:00:00Z', '2026-11-23T10:00Z', true],
  ['DateEquals', '2026-11-23T10:00:00.125Z', '2026-11-23T10:00:00.1250Z', true],
  ['DateNotEquals', '2026-11-23T10:00:00Z', '2026-11-23T10:00:01Z', true],
  ['DateNotEquals', '2026-11-23T10:00:00Z', '2026-11-23T10:00:00Z', false],
  ['DateLessThan', '2026-11-23T10:00:00Z', '2026-11-23T09:59:59Z', true],
  ['DateLessThan', '2026-11-23T10:00:00Z', '2026-11-23T10:00:00Z', false],
  ['DateLessThanEquals', '2026-11-23T10:00:00Z', '2026-11-23T10:00:00Z', true],
  ['DateLessThanEquals', '2026-11-23T10:00:00Z', '2026-11-23T10:00:01Z', false],
  ['DateGreaterThan', '2026-11-23T10:00:00Z', '2026-11-23T10:00:01Z', true],
  ['DateGreaterThan', '2026-11-23T10:00:00Z', '2026-11-23T10:00:00Z', false],
  ['DateGreaterThanEquals', '2026-11-23T10:00:00Z', '2026-11-23T10:00:00Z', true],
  ['DateGreaterThanEquals', '2026-11-23T10:00:00Z', '2026-11-23T09:00:00Z', false],
  ['Bool', 'false', 'false', true],
  ['Bool', 'false', 'true', false],
  ['IpAddress', '203.0.113.7', '203.0.113.7', true],
  ['IpAddress', '203.0.113.7', '203.0.113.70', false],
  ['IpAddress', '10.0.0.0/8', '10.255.255.255', true],
  ['IpAddress', '10.0.0.0/8', '11.0.0.0', false],
  ['IpAddress', ['10.0.0.0/8', '192.168.0.0/16'], '192.168.1.1', true],
  ['IpAddress', '2001:db8::/32', '2001:0db8:0::1', true],
  ['IpAddress', '2001:db8::/32', '2001:db9::1', false],
  ['IpAddress', '2001:db8::/32', '10.0.0.1', false],
  ['IpAddress', '2001:db8::/64', '2001:db8::1', true],
  ['IpAddress', '2001:db8::/64', '2001:db8:0:1::1', false],
  ['IpAddress', '2001:db8::1', '2001:db8::1', true],
  ['IpAddress', '2001:db8::1', '2001:db8::2', false],
  ['IpAddress', '0.0.0.0/0', '198.51.100.1', true],
  ['NotIpAddress', '10.0.0.0/8', '11.0.0.1', true],
  ['NotIpAddress', '10.0.0.0/8', '10.0.0.1', false],
  ['IpAddressIncludeBorder', '10.0.0.0/8', '10.0.0.0', true],
  ['IpAddressIncludeBorder', '10.0.0.0/8', '11.0.0.0', false],
];

function judge(
  Effect: RamStatement['Effect'],
  Condition: RamConditions,
  context: AccessRequest['context'],
  absentKey?: 'matches' | 'does-not-match',
) {
  const policy = policyOf({ Effect, Action: '*', Resource: '*', Condition });
  return evaluatePolicy([policy], ask({ context }), absentKey === undefined ? {} : { absentKey });
}

describe('the conditions of a statement', () => {
  it.each(CONDITIONS)('match %s %j with %j: %s', (operator, expected, actual, isMatching) => {
    const condition = { [operator]: { key: expected } };
    expect(judge('Allow', condition, { key: actual })).toBe(isMatching ? 'Allow' : 'NoMatch');
    expect(judge('Deny', condition, { key: actual })).toBe(isMatching ? 'Deny' : 'NoMatch');
  });

  it('must all hold, for every operator and every key', () => {
    const condition = { StringEquals: { a: '1', b: '2' }, Bool: { c: 'true' } };
    expect(judge('Allow', condition, { a: '1', b: '2', c: 'true' })).toBe('Allow');
    expect(judge('Allow', condition, { a: '1', b: 'x', c: 'true' })).toBe('NoMatch');
    expect(judge('Allow', condition, { a: '1', b: '2', c: 'false' })).toBe('NoMatch');
  });

  const OPERATORS = [...new Set(CONDITIONS.map(([operator]) => operator))];
  it.each(OPERATORS)('do not hold with %s if the request lacks the key', (operator) => {
    const [, expected = ''] = CONDITIONS.find(([name]) => name === operator) ?? [];
    const condition = { [operator]: { key: expected } };
    expect(judge('Allow', condition, {})).toBe('NoMatch');
    expect(judge('Allow', condition, { key: undefined })).toBe('NoMatch');
    const otherReading = judge('Allow', condition, {}, 'matches');
    expect(otherReading).toBe(operator.includes('Not') ? 'Allow' : 'NoMatch');
  });

  it('ignore inherited members of the context', () => {
    expect(judge('Allow', { StringLike: { constructor: '*' } }, {})).toBe('NoMatch');
  });

  const UNREADABLE: readonly (readonly [RamConditions, string])[] = [
    [{ StringSimilar: { key: 'a' } }, 'a'],
    [{ toString: { key: 'a' } }, 'a'],
    [{ IpAddress: { key: '10.0.0.0/33' } }, '10.0.0.1'],
    [{ IpAddress: { key: '10.0.0.0/' } }, '10.0.0.1'],
    [{ IpAddress: { key: '10.0.0.0/-8' } }, '10.0.0.1'],
    [{ IpAddress: { key: '10.0.0.0/8 ' } }, '10.0.0.1'],
    [{ IpAddress: { key: 'ten' } }, '10.0.0.1'],
    [{ IpAddress: { key: '10.0.0.0/8/8' } }, '10.0.0.1'],
    [{ IpAddress: { key: '10.0.0.0/8' } }, 'ten'],
    [{ NotIpAddress: { key: '10.0.0.0/8' } }, 'fe80::1%eth0'],
    [{ NumericLessThan: { key: '0x10' } }, '1'],
    [{ NumericNotEquals: { key: '10' } }, ''],
    [{ DateLessThan: { key: '2026-11-23' } }, '2026-11-22T00:00:00Z'],
    [{ DateLessThan: { key: '2026-11-23T00:00:00' } }, '2026-11-22T00:00:00Z'],
    // Date.parse accepts both
    [{ DateLessThan: { key: '+012026-11-23T00:00:00Z' } }, '2026-11-22T00:00:00Z'],
    [{ DateLessThan: { key: '2026-11-23T00:00:00Z\0' } }, '2026-11-22T00:00:00Z'],
    [{ Bool: { key: 'yes' } }, 'true'],
    [{ StringEquals: { key: [] } }, 'a'],
  ];
  it.each(UNREADABLE)('fail closed if they are unreadable: %j', (condition, actual) => {
    expect(judge('Allow', condition, { key: actual })).toBe('NoMatch');
    expect(judge('Deny', condition, { key: actual })).toBe('Deny');
  });

  it('fail closed like an unreadable Action', () => {
    for (const actions of [{}, { Action: '*', NotAction: 'a:b' }, { Action: [] }]) {
      expect(
        evaluatePolicy([policyOf({ Effect: 'Allow', Resource: '*', ...actions })], ask()),
      ).toBe('NoMatch');
      expect(evaluatePolicy([policyOf({ Effect: 'Deny', Resource: '*', ...actions })], ask())).toBe(
        'Deny',
      );
    }
  });
});
