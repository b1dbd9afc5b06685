/** Which policies of a caller the broker reads, and what it says of the others. */
import { describe, expect, it } from 'vitest';
import { parseAskedPolicy } from '../../src/session-policy/parse-asked-policy.ts';

const ALLOW = { Effect: 'Allow', Action: 'oss:GetObject', Resource: 'acs:oss:*:*:app-media/a/*' };
const { Action: _action, ...withoutAction } = ALLOW;
const { Resource: _resource, ...withoutResource } = ALLOW;

const policyOf = (...statements: readonly unknown[]) =>
  JSON.stringify({ Version: '1', Statement: statements });
const policyWith = (change: object) => policyOf({ ...ALLOW, ...change });
const withCondition = (Condition: unknown) =>
  policyWith({ Action: 'oss:ListObjects', Resource: 'acs:oss:*:*:app-media', Condition });
const listing = (prefix: unknown) => withCondition({ StringLike: { 'oss:Prefix': prefix } });

describe('a policy of a caller', () => {
  it('is read as actions, names of buckets and objects, and prefixes', () => {
    const text = policyOf(
      { ...ALLOW, Action: ['OSS:getobject', 'oss:?utObject', 'ecs:*'], Resource: ['*'] },
      ALLOW,
      {
        Effect: 'Allow',
        Action: 'oss:ListObjects',
        Resource: 'acs:oss:*:*:app-media',
        Condition: { StringLike: { 'oss:Prefix': ['a/', 'b/*'] } },
      },
      {
        Effect: 'Allow',
        Action: 'oss:ListObjects',
        Resource: 'acs:oss:*:*:app-media',
        Condition: { StringEquals: { 'oss:Prefix': 'b/*' } },
      },
    );

    expect(parseAskedPolicy(text)).toEqual({
      ok: true,
      allowances: [
        { actions: ['oss:GetObject', 'oss:PutObject'], resources: [{ text: '', isPrefix: true }] },
        { actions: ['oss:GetObject'], resources: [{ text: 'app-media/a/', isPrefix: true }] },
        {
          actions: ['oss:ListObjects'],
          resources: [{ text: 'app-media', isPrefix: false }],
          prefixes: [
            { text: 'a/', isPrefix: false },
            { text: 'b/', isPrefix: true },
          ],
        },
        {
          actions: ['oss:ListObjects'],
          resources: [{ text: 'app-media', isPrefix: false }],
          // an asterisk is a wildcard for StringLike only
          prefixes: [{ text: 'b/*', isPrefix: false }],
        },
      ],
    });
  });

  it('of more than 2,047 bytes is too large', () => {
    const padded = (bytes: number, text = policyWith({})) =>
      `${text}${' '.repeat(bytes - Buffer.byteLength(text))}`;
    const tooLarge = { ok: false, isTooLarge: true, problem: 'the policy is too large' };

    expect(parseAskedPolicy(padded(2047)).ok).toBe(true);
    expect(parseAskedPolicy(padded(2048))).toEqual(tooLarge);
    expect(
      parseAskedPolicy(padded(2048, policyWith({ Resource: 'acs:oss:*:*:app-media/\u00e4' }))),
    ).toEqual(tooLarge);
  });

  it.each<[problem: string, policies: Readonly<Record<string, string>>]>([
    ['the policy is not a JSON object', { 'no JSON': 'x', 'an empty text': '', 'a list': '[]' }],
    [
      'the policy has a repeated member',
      { 'a version twice': `{"Version":"1","Version":"1","Statement":[${JSON.stringify(ALLOW)}]}` },
    ],
    [
      'the policy has another Version than "1"',
      {
        'another version': JSON.stringify({ Version: '2', Statement: [ALLOW] }),
        'the version of AWS': JSON.stringify({ Version: '2012-10-17', Statement: [ALLOW] }),
        'a number': JSON.stringify({ Version: 1, Statement: [ALLOW] }),
        'no version': JSON.stringify({ Statement: [ALLOW] }),
      },
    ],
    [
      'the policy has a member that the broker does not know',
      {
        'an unknown member': JSON.stringify({ Version: '1', Id: 'x', Statement: [ALLOW] }),
        NotAction: policyOf({ ...withoutAction, NotAction: 'oss:PutObject' }),
        'NotAction beside Action': policyWith({ NotAction: 'oss:PutObject' }),
        NotResource: policyOf({ ...withoutResource, NotResource: '*' }),
        Principal: policyWith({ Principal: { RAM: ['*'] } }),
      },
    ],
    [
      'the policy has no list of statements',
      {
        'no statement': policyOf(),
        'a statement beside a list': JSON.stringify({ Version: '1', Statement: ALLOW }),
      },
    ],
    [
      'a statement is not an object',
      { 'a text': policyOf('x'), null: policyOf(ALLOW, null), 'a list': policyOf([ALLOW]) },
    ],
    [
      'a statement does not allow',
      { 'a Deny': policyWith({ Effect: 'Deny' }), 'no effect': policyWith({ Effect: undefined }) },
    ],
    [
      'Action is neither a text nor a list of texts',
      {
        'no action': policyOf(withoutAction),
        'an empty list': policyWith({ Action: [] }),
        'an empty text': policyWith({ Action: '' }),
        'an empty text beside another': policyWith({ Action: ['oss:GetObject', ''] }),
        'a number beside a text': policyWith({ Action: ['oss:GetObject', 1] }),
      },
    ],
    [
      'an Action is malformed',
      {
        'no service': policyWith({ Action: 'GetObject' }),
        'a service with a wildcard': policyWith({ Action: 'o*:GetObject' }),
        'a blank before it': policyWith({ Action: ' oss:GetObject' }),
        'a blank after it': policyWith({ Action: 'oss:GetObject ' }),
        'one beside another': policyWith({ Action: ['oss:GetObject', 'GetObject'] }),
      },
    ],
    [
      'Resource is neither a text nor a list of texts',
      {
        'no resource': policyOf(withoutResource),
        'an empty list': policyWith({ Resource: [] }),
        'null beside a text': policyWith({ Resource: ['*', null] }),
      },
    ],
    [
      'a Resource is not like acs:oss:*:*:bucket/key',
      {
        'a region': policyWith({ Resource: 'acs:oss:cn-hangzhou:*:app-media/a/*' }),
        'an account': policyWith({ Resource: 'acs:oss:*:123456789012:app-media/a/*' }),
        'no region': policyWith({ Resource: 'acs:oss:::app-media/a/*' }),
        'another service': policyWith({ Resource: 'acs:ecs:*:*:instance/*' }),
        'a resource of AWS': policyWith({ Resource: 'arn:aws:s3:::app-media/a/*' }),
      },
    ],
    [
      'a wildcard is not the last character',
      {
        'in the middle': policyWith({ Resource: 'acs:oss:*:*:app-media/*/a' }),
        'two at the end': policyWith({ Resource: 'acs:oss:*:*:app-media/a**' }),
        'a question mark': policyWith({ Resource: 'acs:oss:*:*:app-media/a?' }),
        'in the middle of a prefix': listing('a/*/'),
      },
    ],
    [
      'a Condition is malformed',
      {
        'an empty one': withCondition({}),
        'a list': withCondition([]),
        'an operator without a key': withCondition({ StringLike: 'a/*' }),
      },
    ],
    [
      'a Condition is about something else than oss:Prefix',
      {
        'an address': withCondition({ IpAddress: { 'acs:SourceIp': '203.0.113.7' } }),
        TLS: withCondition({ Bool: { 'acs:SecureTransport': 'true' } }),
        'another case': withCondition({ StringLike: { 'oss:prefix': 'a/*' } }),
        'no key': withCondition({ StringLike: {} }),
        'two operators': withCondition({
          StringLike: { 'oss:Prefix': 'a/*' },
          StringEquals: { 'oss:Prefix': 'a/' },
        }),
        'two keys': withCondition({ StringLike: { 'oss:Prefix': 'a/*', 'oss:Delimiter': '/' } }),
      },
    ],
    [
      'a Condition has another operator',
      {
        'a negated one': withCondition({ StringNotLike: { 'oss:Prefix': 'a/*' } }),
        'one in another case': withCondition({ stringLike: { 'oss:Prefix': 'a/*' } }),
      },
    ],
    [
      'condition is neither a text nor a list of texts',
      { 'no values': listing([]), 'a number': listing(['a/*', 1]) },
    ],
  ])('is refused because %s', (problem, policies) => {
    for (const [what, text] of Object.entries(policies)) {
      expect([what, parseAskedPolicy(text)]).toEqual([
        what,
        { ok: false, isTooLarge: false, problem },
      ]);
    }
  });
});
