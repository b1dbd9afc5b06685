import { describe, expect, it } from 'vitest';
import type { SessionPolicyInput } from '../../src/ports.ts';
import { renderSessionPolicy } from '../../src/session-policy/session-policy.ts';
import type { Allowances } from './arbitraries.ts';

type Allowed = Allowances[number];

function on(place: string, permissions: Allowed['permissions'], actions: string[] = []): Allowed {
  const slash = place.indexOf('/');
  const target = { bucket: place.slice(0, slash), key: place.slice(slash + 1) };
  return { target, permissions, actions };
}

/** Has no restrictions, so that only Allow statements are rendered. */
function plainly(...allowances: readonly Allowed[]): SessionPolicyInput {
  return { allowances, https: false, publicAcl: 'allow' };
}

function statementsOf(input: SessionPolicyInput) {
  return renderSessionPolicy(input).policy.Statement;
}

const GET = 'oss:GetObject';
const WRITE = ['oss:PutObject', 'oss:AbortMultipartUpload', 'oss:ListParts'];

describe('renderSessionPolicy', () => {
  it('renders a whole grant as one minified text', () => {
    const { text, bytes } = renderSessionPolicy({
      allowances: [
        on('app-media/users/42/', ['read', 'write', 'list']),
        on('app-media/teams/blue/', ['read']),
      ],
      https: true,
      sourceIps: ['203.0.113.7'],
      publicAcl: 'deny',
    });
    expect(text).toBe(
      '{"Version":"1","Statement":[' +
        '{"Effect":"Allow","Action":"oss:GetObject","Resource":"acs:oss:*:*:app-media/teams/blue/*",' +
        '"Condition":{"IpAddress":{"acs:SourceIp":"203.0.113.7"}}},' +
        '{"Effect":"Allow","Action":["oss:GetObject","oss:PutObject","oss:AbortMultipartUpload","oss:ListParts"],' +
        '"Resource":"acs:oss:*:*:app-media/users/42/*","Condition":{"IpAddress":{"acs:SourceIp":"203.0.113.7"}}},' +
        '{"Effect":"Allow","Action":"oss:ListObjects","Resource":"acs:oss:*:*:app-media",' +
        '"Condition":{"StringLike":{"oss:Prefix":["users/42/","users/42/*"]},"IpAddress":{"acs:SourceIp":"203.0.113.7"}}},' +
        '{"Effect":"Deny","Action":"oss:PutObject","Resource":"*",' +
        '"Condition":{"StringEqualsIgnoreCase":{"oss:x-oss-object-acl":["public-read","public-read-write"]}}},' +
        '{"Effect":"Deny","Action":"oss:*","Resource":"*","Condition":{"Bool":{"acs:SecureTransport":"false"}}}]}',
    );
    expect(bytes).toBe(text.length);
  });

  it.each([
    ['10.0.0.1'],
    ['10.0.0.1/32'],
    ['0.0.0.0/0'],
    ['2001:db8::1'],
    ['2001:db8::/64'],
    ['2001:db8::1/128'],
  ])('renders the source address %s unchanged', (address) => {
    const input = { ...plainly(on('app-media/a/', ['read'])), sourceIps: [address] };
    expect(statementsOf(input)[0]?.Condition).toEqual({ IpAddress: { 'acs:SourceIp': address } });
  });

  it('counts bytes, not characters', () => {
    const { text, bytes } = renderSessionPolicy(plainly(on('app-media/用户/é/', ['read'])));
    expect(bytes).toBe(Buffer.byteLength(text));
    expect(bytes).toBeGreaterThan(text.length);
  });

  it('renders a single object exactly, and a prefix or a whole bucket with a wildcard', () => {
    const resources = ['app-media/a.txt', 'app-media/a/', 'app-media/'].map(
      (place) => statementsOf(plainly(on(place, ['read'])))[0]?.Resource,
    );
    expect(resources).toEqual([
      'acs:oss:*:*:app-media/a.txt',
      'acs:oss:*:*:app-media/a/*',
      'acs:oss:*:*:app-media/*',
    ]);
  });

  it('renders list on a whole bucket without a condition', () => {
    expect(statementsOf(plainly(on('app-media/', ['list'])))).toEqual([
      { Effect: 'Allow', Action: 'oss:ListObjects', Resource: 'acs:oss:*:*:app-media' },
    ]);
  });

  const MERGES: readonly (readonly [string, readonly Allowed[], readonly object[]])[] = [
    [
      'targets with the same actions',
      [on('app-media/b/', ['read']), on('app-media/a/', ['read']), on('app-media/b/', ['read'])],
      [{ Action: GET, Resource: ['acs:oss:*:*:app-media/a/*', 'acs:oss:*:*:app-media/b/*'] }],
    ],
    [
      'actions on the same targets',
      [on('app-media/a/', ['delete']), on('app-media/a/', ['read'])],
      [{ Action: [GET, 'oss:DeleteObject'], Resource: 'acs:oss:*:*:app-media/a/*' }],
    ],
    [
      'no actions on different targets',
      [on('app-media/a/', ['read', 'write']), on('app-media/b/', ['read'])],
      [
        { Action: GET, Resource: 'acs:oss:*:*:app-media/b/*' },
        { Action: [GET, ...WRITE], Resource: 'acs:oss:*:*:app-media/a/*' },
      ],
    ],
    [
      'a target inside another one',
      [on('app-media/a/', ['read', 'delete']), on('app-media/a/b/', ['read'])],
      [{ Action: [GET, 'oss:DeleteObject'], Resource: 'acs:oss:*:*:app-media/a/*' }],
    ],
    [
      'no target that allows more than the target that contains it',
      [on('app-media/a/', ['read']), on('app-media/a/b/', ['delete'])],
      [
        { Action: 'oss:DeleteObject', Resource: 'acs:oss:*:*:app-media/a/b/*' },
        { Action: GET, Resource: 'acs:oss:*:*:app-media/a/*' },
      ],
    ],
    [
      'no sibling with the same beginning',
      [on('app-media/users/1/', ['read']), on('app-media/users/10/', ['read'])],
      [
        {
          Action: GET,
          Resource: ['acs:oss:*:*:app-media/users/1/*', 'acs:oss:*:*:app-media/users/10/*'],
        },
      ],
    ],
    [
      'listings of one bucket',
      [on('app-media/b/', ['list']), on('app-media/a/', ['list']), on('app-media/a/x/', ['list'])],
      [
        {
          Action: 'oss:ListObjects',
          Resource: 'acs:oss:*:*:app-media',
          Condition: { StringLike: { 'oss:Prefix': ['a/', 'a/*', 'b/', 'b/*'] } },
        },
      ],
    ],
    [
      'listings of several buckets only if their prefixes are equal',
      [on('bucket-1/a/', ['list']), on('bucket-2/a/', ['list']), on('bucket-3/b/', ['list'])],
      [
        {
          Action: 'oss:ListObjects',
          Resource: 'acs:oss:*:*:bucket-3',
          Condition: { StringLike: { 'oss:Prefix': ['b/', 'b/*'] } },
        },
        {
          Action: 'oss:ListObjects',
          Resource: ['acs:oss:*:*:bucket-1', 'acs:oss:*:*:bucket-2'],
          Condition: { StringLike: { 'oss:Prefix': ['a/', 'a/*'] } },
        },
      ],
    ],
  ];
  it.each(MERGES)('merges %s', (_what, allowances, expected) => {
    const statements = expected.map((statement) => ({ Effect: 'Allow', ...statement }));
    expect(statementsOf(plainly(...allowances))).toEqual(statements);
  });

  it('denies publishing for each granted action that can publish', () => {
    const denied = (...allowances: readonly Allowed[]) =>
      statementsOf({ ...plainly(...allowances), publicAcl: 'deny' })
        .filter(({ Effect }) => Effect === 'Deny')
        .map(({ Action }) => Action);
    expect(denied(on('app-media/a/', ['read', 'list', 'delete']))).toEqual([]);
    expect(denied(on('app-media/a/', ['write']))).toEqual(['oss:PutObject']);
    expect(denied(on('app-media/a/', [], ['oss:PutObjectAcl']))).toEqual(['oss:PutObjectAcl']);
    expect(denied(on('app-media/a/', ['write'], ['oss:PutObjectAcl']))).toEqual([
      ['oss:PutObject', 'oss:PutObjectAcl'],
    ]);
  });

  it('restricts every Allow to the source addresses', () => {
    const sourceIps = ['2001:db8::/32', '10.0.0.0/8', '10.0.0.0/8'];
    const statements = statementsOf({
      ...plainly(on('app-media/a/', ['read', 'list'])),
      sourceIps,
    });
    expect(statements.map(({ Condition }) => Condition?.['IpAddress'])).toEqual([
      { 'acs:SourceIp': ['10.0.0.0/8', '2001:db8::/32'] },
      { 'acs:SourceIp': ['10.0.0.0/8', '2001:db8::/32'] },
    ]);
  });
});

describe('renderSessionPolicy with an input that must never reach it', () => {
  const KEYS = [
    '*/',
    'a*',
    'a?',
    '$a',
    '{a',
    'a}',
    'a\\b',
    'a%2Fb',
    'a"b',
    'a\u0000',
    'a\nb',
    'a\u007f',
    'a\u200bb',
    'a\u202eb',
    'e\u0301/',
    '\ud800',
    'a/\udfff/',
    '/',
    '/a',
    'a//b',
    'a//',
    '.',
    '..',
    './',
    '../',
    'a/../b',
    'a/./b',
    'a/..',
    'a/../',
  ];
  it.each(KEYS)('throws for the key %j', (key) => {
    expect(() => renderSessionPolicy(plainly(on(`app-media/${key}`, ['read'])))).toThrow(
      /^session policy: unsafe/,
    );
  });

  const BUCKETS = [
    '',
    '*',
    'app*',
    'app?',
    'App',
    'app media',
    'a:b',
    '{b}',
    '$b',
    'ap',
    '-app',
    'ä-app',
  ];
  it.each(BUCKETS)('throws for the bucket %j', (bucket) => {
    expect(() => renderSessionPolicy(plainly(on(`${bucket}/a/`, ['read'])))).toThrow(
      /^session policy: unsafe bucket/,
    );
  });

  it('throws for a bucket that contains a path', () => {
    const target = { bucket: 'app-media/users', key: 'a/' };
    const input = plainly({ target, permissions: ['read'], actions: [] });
    expect(() => renderSessionPolicy(input)).toThrow(/^session policy: unsafe bucket/);
  });

  const ACTIONS = [
    '*',
    'oss:*',
    'oss:Get*',
    'oss:PutBucketPolicy',
    'oss:PutBucketAcl',
    'oss:PutBucketLifecycle',
    'oss:ListObjects',
    'oss:ListObjectVersions',
    'oss:ListMultipartUploads',
    'oss:ListBuckets',
    'oss:DeleteBucket',
    'ram:CreateUser',
    'sts:AssumeRole',
    'OSS:GETOBJECT',
    'oss:GetObject ',
    '',
  ];
  it.each(ACTIONS)('throws for the action %j', (action) => {
    expect(() => renderSessionPolicy(plainly(on('app-media/a/', ['read'], [action])))).toThrow(
      /is not an object action$/,
    );
  });

  const ADDRESSES = [
    '',
    '*',
    'ten',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-8',
    '10.0.0.0/8 ',
    '10.0.0.0/8/8',
    '2001:db8::/129',
    'fe80::1%eth0',
  ];
  it.each(ADDRESSES)('throws for the source address %j', (address) => {
    const input = { ...plainly(on('app-media/a/', ['read'])), sourceIps: [address] };
    expect(() => renderSessionPolicy(input)).toThrow(/source address/);
  });

  const EMPTY: readonly (readonly [string, SessionPolicyInput, RegExp])[] = [
    ['no allowance', plainly(), /nothing is allowed$/],
    [
      'an allowance without permissions and actions',
      plainly(on('app-media/a/', [])),
      /nothing is allowed on oss:/,
    ],
    ['list on a single object', plainly(on('app-media/a', ['list'])), /cannot be listed$/],
    [
      'an empty list of source addresses',
      { ...plainly(on('app-media/a/', ['read'])), sourceIps: [] },
      /no source address/,
    ],
  ];
  it.each(EMPTY)('throws for %s', (_what, input, message) => {
    expect(() => renderSessionPolicy(input)).toThrow(message);
  });

  it('throws a plain Error instead of a refusal, because only a bug causes it', () => {
    expect(() => renderSessionPolicy(plainly())).toThrow(
      expect.objectContaining({ name: 'Error' }),
    );
  });

  it('renders a key that is unusual but safe', () => {
    const place = 'app-media/...a/.b/c..d/用户/é@x|y:z+ ~/';
    expect(statementsOf(plainly(on(place, ['read'])))[0]?.Resource).toBe(`acs:oss:*:*:${place}*`);
  });
});
