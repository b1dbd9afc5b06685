/** Generates random grants, and requests near their limits, for the property tests of session policies. */
import fc from 'fast-check';
import type { SessionPolicyInput } from '../../src/ports.ts';
import type { AccessRequest } from '../../src/session-policy/ram-policy.ts';

export type Allowances = SessionPolicyInput['allowances'];

/** One request before it is converted to RAM's form. An object has a key, a bucket has none. */
export interface Attempt {
  readonly action: string;
  /** Undefined: the resource is not in OSS. */
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly context: Readonly<Record<string, string | undefined>>;
}

const OWN_BUCKETS = ['app-media', 'app-media-2', 'app', 'app-med'];

/** Few and similar, so that one target is often the sibling, the parent or the equal of another. */
const SEGMENTS = [
  '1',
  '10',
  '0',
  'a',
  'ab',
  'A',
  'users',
  '...',
  '..a',
  '.a',
  'a b',
  'a:b',
  'é',
  '用户',
];

const segment = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...SEGMENTS) },
  {
    weight: 1,
    arbitrary: fc
      .stringMatching(/^[A-Za-z0-9._@|:+=~ -]{1,12}$/)
      .filter((text) => !/^\.\.?$/.test(text)),
  },
);

const key = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean())
  .map(([segments, isPrefix]) =>
    segments.length === 0 ? '' : `${segments.join('/')}${isPrefix ? '/' : ''}`,
  );

export const OBJECT_ACTION_NAMES = [
  'oss:GetObject',
  'oss:PutObject',
  'oss:AbortMultipartUpload',
  'oss:ListParts',
  'oss:DeleteObject',
  'oss:GetObjectVersion',
  'oss:DeleteObjectVersion',
  'oss:RestoreObject',
  'oss:GetObjectAcl',
  'oss:PutObjectAcl',
  'oss:PutObjectVersionAcl',
  'oss:PutObjectTagging',
  'oss:DeleteObjectTagging',
];

const allowance = fc
  .record({
    target: fc.record({ bucket: fc.constantFrom(...OWN_BUCKETS), key }),
    permissions: fc.subarray(['read', 'write', 'list', 'delete'] as const),
    actions: fc.oneof(
      { weight: 4, arbitrary: fc.constant<string[]>([]) },
      { weight: 1, arbitrary: fc.subarray(OBJECT_ACTION_NAMES) },
    ),
  })
  .map(({ target, permissions, actions }) => ({
    target,
    // a single object cannot be listed
    permissions: permissions.filter(
      (permission) => permission !== 'list' || target.key === '' || target.key.endsWith('/'),
    ),
    actions,
  }))
  .filter(({ permissions, actions }) => permissions.length + actions.length > 0);

/** Restrictions by address, with addresses inside and outside of each. */
export const ADDRESSES = [
  { sourceIps: ['203.0.113.7'], inside: ['203.0.113.7'], outside: ['203.0.113.70', '3.0.113.7'] },
  {
    sourceIps: ['10.0.0.0/8', '2001:db8::/32'],
    inside: ['10.255.0.1', '2001:db8::1'],
    outside: ['11.0.0.1', '2001:db9::1', '::1'],
  },
];

const ANY_ADDRESS = ADDRESSES.flatMap(({ inside, outside }) => [...inside, ...outside]);

/** Segments that earlier code refuses. Rendering must throw, or the policy must mean the literal text. */
const hostileSegment = fc.oneof(
  fc.constantFrom('*', '?', '1*', '?0', '.', '..', '', '$a', '{a}', '%2A', 'a\\', 'e\u0301'),
  fc.constantFrom('users', '1'),
  fc.string({ unit: 'binary', maxLength: 3 }),
);

export const hostileInput = fc
  .record({
    bucket: fc.constantFrom(...OWN_BUCKETS, 'app*', '*', 'app-?edia', ''),
    segments: fc.array(hostileSegment, { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom('', '/'),
    permission: fc.constantFrom('read' as const, 'write' as const, 'list' as const),
    action: fc.option(fc.constantFrom('oss:*', '*', 'oss:PutBucketPolicy', 'sts:AssumeRole'), {
      nil: undefined,
      freq: 2,
    }),
  })
  .map(({ bucket, segments, end, permission, action }) => ({
    allowances: [
      {
        target: { bucket, key: `${segments.join('/')}${end}` },
        permissions: [permission],
        actions: action === undefined ? [] : [action],
      },
    ],
    https: false,
    publicAcl: 'allow' as const,
  }));

export const policyInput = fc
  .record({
    allowances: fc.array(allowance, { minLength: 1, maxLength: 5 }),
    https: fc.boolean(),
    publicAcl: fc.constantFrom('deny' as const, 'allow' as const),
    addresses: fc.option(fc.constantFrom(...ADDRESSES), { nil: undefined, freq: 2 }),
  })
  .map(({ addresses, ...input }) =>
    addresses === undefined ? input : { ...input, sourceIps: addresses.sourceIps },
  );

/** Changes an allowed key to one that may not be allowed. */
const MUTATIONS: readonly ((key: string, extra: string) => string)[] = [
  (_base, extra) => extra,
  (base) => base,
  (base, extra) => `${base}${extra}`,
  (base) => `${base}x.txt`,
  (base) => base.replace(/\/$/, ''),
  (base) => base.replace(/\/$/, '0/x'),
  (base, extra) => `${base.replace(/\/$/, '')}${extra}/x`,
  (base) => base.slice(0, -2),
  (base) => base.replace(/[^/]+\/?$/, ''),
  (base) => `${base}../x`,
  (base) => `${base}*`,
  (base) => base.replace(/[^/]/, '*'),
  (base) => base.replace(/[^/](?=\/?$)/, '?'),
  (base) => base.replace(/[^/]+/, '*'),
  (base) => base.replace(/[*?]/g, 'x'),
  (base) => base.toUpperCase(),
  (base) => base.normalize('NFD'),
  (base) => `/${base}x`,
  (base) => `x/${base}x`,
  (base) => `:${base}`,
  (base) => base.replaceAll('/', '%2F'),
  (base) => `${encodeURI(base)}x`,
  (base) => base.replaceAll('/', '//'),
  (base) => base.replaceAll('.', 'x'),
  () => '',
  () => '*',
  () => 'acs:oss:*:*:app-media/users/1/x',
];

const OTHER_ACTIONS = [
  'oss:ListObjects',
  'oss:ListObjects',
  'oss:ListObjects',
  'oss:ListObjectVersions',
  'oss:ListMultipartUploads',
  'oss:ListBuckets',
  'oss:GetBucketInfo',
  'oss:GetBucketAcl',
  'oss:PutBucketAcl',
  'oss:PutBucketPolicy',
  'oss:PutBucketLifecycle',
  'oss:PutBucketCors',
  'oss:DeleteBucket',
  'oss:GetObjec',
  'oss:GetObjectX',
  'oss:*',
  '*',
  'ossx:GetObject',
  'ram:CreateUser',
  'ram:AttachPolicyToRole',
  'sts:AssumeRole',
];

const OTHER_BUCKETS = [
  'app-media-',
  'pp-media',
  'app-mediax',
  'app-media-20',
  '*',
  'app-medi?',
  '',
];

const plannedKey = fc.oneof(
  // the key itself, and keys directly below it
  {
    weight: 4,
    arbitrary: fc.record({ at: fc.nat(4), how: fc.constantFrom(1, 2, 3), extra: segment }),
  },
  { weight: 6, arbitrary: fc.record({ at: fc.nat(4), how: fc.nat(50), extra: segment }) },
  // any text
  {
    weight: 1,
    arbitrary: fc.record({
      at: fc.nat(4),
      how: fc.constant(0),
      extra: fc.string({ unit: 'binary' }),
    }),
  },
);

/** Plans an attempt before the targets are known. Indices wrap around. */
export const attemptPlan = fc.record({
  object: plannedKey,
  prefix: fc.option(plannedKey, { nil: undefined, freq: 6 }),
  bucket: fc.oneof(
    { weight: 8, arbitrary: fc.constant('as-target' as const) },
    { weight: 1, arbitrary: fc.constantFrom(...OWN_BUCKETS, ...OTHER_BUCKETS) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
  action: fc.oneof(
    { weight: 6, arbitrary: fc.constant('as-target' as const) },
    { weight: 3, arbitrary: fc.constantFrom(...OBJECT_ACTION_NAMES.slice(0, 5)) },
    { weight: 1, arbitrary: fc.constantFrom(...OBJECT_ACTION_NAMES) },
    { weight: 3, arbitrary: fc.constantFrom(...OTHER_ACTIONS) },
  ),
  grantedAt: fc.nat(20),
  isSwapped: fc.integer({ min: 0, max: 9 }).map((sides) => sides === 0),
  secureTransport: fc.constantFrom('true', 'true', 'true', 'false', undefined),
  sourceIp: fc.constantFrom(...ANY_ADDRESS, undefined),
  acl: fc.constantFrom(
    undefined,
    undefined,
    'private',
    'default',
    'Public-Read',
    'public-read',
    'public-read-write',
  ),
});

type PlannedKey = ValueOf<typeof plannedKey>;
type AttemptPlan = ValueOf<typeof attemptPlan>;
type ValueOf<Source> = Source extends fc.Arbitrary<infer Value> ? Value : never;

const MAIN_ACTION = {
  read: 'oss:GetObject',
  write: 'oss:PutObject',
  list: 'oss:ListObjects',
  delete: 'oss:DeleteObject',
} as const;

/** Aims a planned attempt at one of the targets. */
export function aim(plan: AttemptPlan, allowances: Allowances): Attempt {
  const { target, permissions, actions } = pick(allowances, plan.object.at);
  const granted = [...permissions.map((permission) => MAIN_ACTION[permission]), ...actions];
  const action = plan.action === 'as-target' ? pick(granted, plan.grantedAt) : plan.action;
  const makeKey = ({ at, how, extra }: PlannedKey) =>
    pick(MUTATIONS, how)(pick(allowances, at).target.key, extra);
  // bucket actions go to the bucket and the others to an object, unless the attempt swaps them
  const isOnBucket = /:(List(?!Parts)|.*Bucket)/.test(action) !== plan.isSwapped;
  return {
    action,
    bucket: plan.bucket === 'as-target' ? target.bucket : plan.bucket,
    key: isOnBucket ? undefined : makeKey(plan.object),
    context: {
      'oss:Prefix': plan.prefix === undefined ? undefined : makeKey(plan.prefix),
      'acs:SecureTransport': plan.secureTransport,
      'acs:SourceIp': plan.sourceIp,
      'oss:x-oss-object-acl': plan.acl,
    },
  };
}

/** Converts the attempt to a request as RAM evaluates it. */
export function toAccessRequest({ action, bucket, key, context }: Attempt): AccessRequest {
  const account = '123456789012';
  if (bucket === undefined) {
    return { action, resource: `acs:ram:*:${account}:role/${key ?? 'admin'}`, context };
  }
  const relativeId = key === undefined ? bucket : `${bucket}/${key}`;
  return { action, resource: `acs:oss:*:${account}:${relativeId}`, context };
}

function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
