/** Values that a grant or an issuer must not have. */
import { describe, expect, it } from 'vitest';
import { changed, GOOD, load, problemsOf } from './good-config.ts';

describe('a config with a value that is not accepted', () => {
  it.each([
    ['    duration: { default: 10m }', 'from 900s'],
    ['    duration: { max: 13h }', 'to 12h'],
    ['    duration: { default: 2h, max: 1h }', 'has a default (2h) above its max (1h)'],
    ['    restrict: { sourceIp: [10.0.0.0/33] }', 'CIDR'],
    ['    restrict: { sourceIp: everybody }', 'CIDR'],
    ['    when: [{ claim: plan, matches: ".*" }]', 'must be { claim: ...'],
    ['    when: [{ claim: plan }]', 'must be { claim: ...'],
    ['    publicAcl: perhaps', 'must be deny or allow'],
    ['    secret: x', 'has an unknown key "secret"'],
  ])('reports a grant with %s', (line, problem) => {
    expect(problemsOf(`${GOOD}${line}\n`).join('\n')).toContain(problem);
  });

  it.each([
    ['    algorithms: [HS256]', 'anyone who verifies can also sign'],
    ['    algorithms: [none]', 'anyone who verifies can also sign'],
    ['    clockTolerance: 5m', 'of at most 60s'],
    ['    tokensValidAfter: yesterday', '2026-11-01T00:00:00Z'],
    ['    tokensValidAfter: 2026-11-01T00:00:00+08:00', 'in UTC'],
    ['    jwksUri: http://keys.example.com/', 'must be an https:// URL'],
    [
      '    jwksUri: https://k.example.com/\n    jwks: { keys: [{ kty: RSA }] }',
      'cannot be used together with jwksUri',
    ],
  ])('reports an issuer with %s', (line, problem) => {
    const text = changed('    audiences:', `${line}\n    audiences:`);

    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  it.each([
    'oss:PutBucketPolicy',
    'oss:PutBucketAcl',
    'oss:*',
    'ram:CreateUser',
    'sts:AssumeRole',
    'oss:ListBuckets',
  ])('reports the action %s', (action) => {
    const withAction = (name: string) =>
      changed('permissions: [read,', `actions: ["${name}"], permissions: [read,`);

    expect(problemsOf(withAction(action)).join('\n')).toContain('must be one of oss:GetObject');
    expect(load(withAction('oss:GetObjectTagging')).warnings).toEqual([]);
  });
});
