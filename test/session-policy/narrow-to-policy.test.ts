/** A policy that a caller sends: it never widens, and what it narrows to is exactly what both allow. */
import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/config/config.ts';
import type { AskedAllowance, GrantedTarget, NarrowedGrant } from '../../src/ports.ts';
import { RefusalError } from '../../src/refusal.ts';
import { evaluatePolicy } from '../../src/session-policy/evaluate.ts';
import { narrowToPolicy } from '../../src/session-policy/narrow-to-policy.ts';
import { parseAskedPolicy } from '../../src/session-policy/parse-asked-policy.ts';
import type { AccessRequest, RamPolicy } from '../../src/session-policy/ram-policy.ts';
import { renderSessionPolicy } from '../../src/session-policy/session-policy.ts';
import { fc, printSearch } from '../support/seeded.ts';
import {
  type Allowances,
  aim,
  attemptPlan,
  OBJECT_ACTION_NAMES,
  policyInput,
  toAccessRequest,
} from './arbitraries.ts';

/** Set FC_RUNS=100000 to search longer. */
const numRuns = Number(process.env['FC_RUNS'] ?? 3000);

const GRANT: Grant = {
  name: 'files',
  issuer: 'app',
  when: [],
  role: 'acs:ram::123456789012:role/oss-uploader',
  allow: [{ target: { text: '', bucket: '', key: [] }, permissions: [], actions: [] }],
  duration: { defaultSeconds: 900, maxSeconds: 3600, strict: false },
  restrict: { https: false },
  publicAcl: 'allow',
};

const toNarrowed = (allowances: readonly GrantedTarget[]): NarrowedGrant => ({
  grant: GRANT,
  allowances,
  durationSeconds: 900,
});

/** The refusal's problem, or what is left. */
function narrow(
  allowances: Allowances,
  asked: readonly AskedAllowance[],
): readonly GrantedTarget[] | string {
  try {
    return narrowToPolicy(toNarrowed(allowances), asked).allowances;
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    if (error.refusal.reason !== 'policy_outside_grant') throw error;
    return error.refusal.problem;
  }
}

/** Plans a resource or prefix before the targets are known: near one of them, and cut, longer or with a wildcard. */
const namePlan = fc.record({
  at: fc.nat(4),
  how: fc.oneof(
    {
      weight: 30,
      arbitrary: fc.constantFrom(
        (name: string) => `${name}*`,
        (name: string) => `${name}*`,
        (name: string) => name,
        (name: string) => `${name.replace(/[^/]*\/?$/, '')}*`,
        (name: string) => `${name}a/*`,
        (name: string) => `${name}1/10/*`,
        (name: string) => `${name.slice(0, -1)}*`,
        () => '*',
      ),
    },
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        (name: string) => `${name}a`,
        (name: string) => `${name}a*`,
        (name: string) => `${name}../*`,
        (name: string) => `${name}a/`,
        (name: string) => name.replace(/\/$/, ''),
        (name: string) => name.replace(/[^/]*\/?$/, ''),
        (name: string) => name.toUpperCase(),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        (name: string) => name.replace(/[^/]/, '?'),
        (name: string) => name.replace(/[^/]/, '*'),
        () => '',
      ),
    },
  ),
});

const actionPattern = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...OBJECT_ACTION_NAMES) },
  {
    weight: 60,
    arbitrary: fc.constantFrom(
      'oss:*',
      '*',
      'oss:Get*',
      'oss:Put*',
      'OSS:getobject',
      'oss:ListObjects',
      'oss:List*',
      'oss:*Object',
      'oss:?etObject',
      'oss:*Bucket*',
      'ecs:*',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('oss', 'o*:GetObject', '') },
);

const some = <Value>(one: fc.Arbitrary<Value>) => fc.array(one, { minLength: 1, maxLength: 4 });

const statementPlan = fc.record({
  effect: fc.oneof(
    { weight: 40, arbitrary: fc.constant('Allow') },
    { weight: 1, arbitrary: fc.constantFrom('Deny', 'allow') },
  ),
  actions: some(actionPattern),
  resources: some(fc.record({ name: namePlan, isBucket: fc.nat(3).map((side) => side === 0) })),
  condition: fc.option(
    fc.record({
      operator: fc.oneof(
        { weight: 8, arbitrary: fc.constant('StringLike') },
        { weight: 2, arbitrary: fc.constant('StringEquals') },
        { weight: 1, arbitrary: fc.constant('StringNotLike') },
      ),
      prefixes: some(namePlan),
    }),
    { nil: undefined, freq: 2 },
  ),
});

type ValueOf<Source> = Source extends fc.Arbitrary<infer Value> ? Value : never;

const oneOrMany = (values: readonly string[]) => (values.length === 1 ? values[0] : values);

/** The text of a policy about the targets of a grant, and things near them. */
function writePolicy(
  plans: readonly ValueOf<typeof statementPlan>[],
  allowances: Allowances,
): string {
  const targetAt = (at: number) =>
    allowances[at % allowances.length]?.target ?? { bucket: '', key: '' };
  const Statement = plans.map(({ effect, actions, resources, condition }) => ({
    Effect: effect,
    Action: oneOrMany(actions),
    Resource: oneOrMany(
      resources.map(({ name: { at, how }, isBucket }) => {
        const { bucket, key } = targetAt(at);
        const name = isBucket ? bucket : how(`${bucket}/${key}`);
        return name === '*' ? name : `acs:oss:*:*:${name}`;
      }),
    ),
    ...(condition === undefined
      ? {}
      : {
          Condition: {
            [condition.operator]: {
              'oss:Prefix': oneOrMany(
                condition.prefixes.map(({ at, how }) => how(targetAt(at).key)),
              ),
            },
          },
        }),
  }));
  return JSON.stringify({ Version: '1', Statement });
}

/** Only listings have `oss:Prefix`. */
function toRequest(attempt: ReturnType<typeof aim>): AccessRequest {
  const { 'oss:Prefix': prefix, ...context } = attempt.context;
  const isListing = attempt.action === 'oss:ListObjects' && attempt.key === undefined;
  const listing = isListing && prefix !== undefined ? { 'oss:Prefix': prefix } : {};
  return toAccessRequest({ ...attempt, context: { ...context, ...listing } });
}

const attemptPlans = fc.array(attemptPlan, { minLength: 8, maxLength: 8 });

describe('the session policy of a grant and a policy of the caller', () => {
  it('allows a request if and only if both allow it', () => {
    const seen = { narrowed: 0, unparsed: 0, outside: 0, allowed: 0, refused: 0 };
    fc.assert(
      fc.property(
        policyInput,
        fc.array(statementPlan, { minLength: 1, maxLength: 3 }),
        attemptPlans,
        (input, plans, attempts) => {
          const text = writePolicy(plans, input.allowances);
          const asked = parseAskedPolicy(text);
          if (!asked.ok) {
            seen.unparsed += 1;
            return;
          }
          const left = narrow(input.allowances, asked.allowances);
          if (typeof left === 'string') {
            seen.outside += 1;
            return;
          }
          seen.narrowed += 1;
          const callers: RamPolicy = JSON.parse(text);
          const ofGrant = renderSessionPolicy(input).policy;
          const rendered = renderSessionPolicy({ ...input, allowances: left }).policy;
          for (const plan of attempts) {
            for (const allowances of [input.allowances, left]) {
              const request = toRequest(aim(plan, allowances));
              for (const absentKey of ['matches', 'does-not-match'] as const) {
                const allows = (policy: RamPolicy) =>
                  evaluatePolicy([policy], request, { absentKey }) === 'Allow';
                const isMeant = allows(ofGrant) && allows(callers);
                seen[isMeant ? 'allowed' : 'refused'] += 1;
                if (allows(rendered) !== isMeant) {
                  const what = isMeant ? 'not allowed' : 'ESCAPE';
                  const parts = [request, rendered, callers, ofGrant].map((part) =>
                    JSON.stringify(part),
                  );
                  throw new Error([what, ...parts].join('\n'));
                }
              }
            }
          }
        },
      ),
      { numRuns },
    );
    printSearch('policy of a caller', seen);
    // the search proves something only if it often gets so far, and tests both kinds of requests
    expect(seen.narrowed).toBeGreaterThan(numRuns / 10);
    expect(seen.allowed).toBeGreaterThan(numRuns / 5);
    expect(seen.refused).toBeGreaterThan(numRuns / 5);
  }, 7_200_000);

  it('is rendered without a defect, or refused, for any text of a caller', () => {
    const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('*'));
    fc.assert(
      fc.property(policyInput, anyText, anyText, anyText, (input, name, prefix, action) => {
        const { bucket, key } = input.allowances[0]?.target ?? { bucket: '', key: '' };
        const Condition = { StringLike: { 'oss:Prefix': `${key}${prefix}` } };
        const Statement = [
          { Effect: 'Allow', Action: 'oss:*', Resource: `acs:oss:*:*:${bucket}/${key}${name}` },
          { Effect: 'Allow', Action: 'oss:*', Resource: '*', Condition },
        ];
        for (const text of [
          action,
          JSON.stringify({ Version: '1', Statement }),
          JSON.stringify({ Version: '1', Statement: [{ ...Statement[0], Action: action }] }),
        ]) {
          const asked = parseAskedPolicy(text);
          if (!asked.ok) continue;
          const left = narrow(input.allowances, asked.allowances);
          if (typeof left !== 'string') renderSessionPolicy({ ...input, allowances: left });
        }
      }),
      { numRuns },
    );
  }, 7_200_000);
});

describe('a policy of a caller', () => {
  const ALLOW = { Effect: 'Allow', Action: 'oss:GetObject', Resource: 'acs:oss:*:*:app-media/a/*' };
  const policyWith = (change: object) =>
    JSON.stringify({ Version: '1', Statement: [{ ...ALLOW, ...change }] });
  const withCondition = (Condition: unknown) =>
    policyWith({ Action: 'oss:ListObjects', Resource: 'acs:oss:*:*:app-media', Condition });
  const listing = (prefix: unknown) => withCondition({ StringLike: { 'oss:Prefix': prefix } });
  const exactly = (prefix: unknown) => withCondition({ StringEquals: { 'oss:Prefix': prefix } });

  const ALL = { permissions: ['read', 'write', 'list', 'delete'], actions: [] } as const;
  const FILES: GrantedTarget = { target: { bucket: 'app-media', key: 'a/' }, ...ALL };
  const BUCKET: GrantedTarget = { target: { bucket: 'app-media', key: '' }, ...ALL };
  const OBJECT: GrantedTarget = {
    target: { bucket: 'app-media', key: 'a/b.txt' },
    permissions: ['read'],
    actions: [],
  };

  const leftOf = (granted: GrantedTarget, text: string) => {
    const asked = parseAskedPolicy(text);
    return asked.ok ? narrow([granted], asked.allowances) : asked.problem;
  };

  it('that the broker itself would render is taken as it is', () => {
    for (const granted of [FILES, BUCKET, OBJECT]) {
      const input = { allowances: [granted], https: false, publicAcl: 'allow' as const };
      const { text } = renderSessionPolicy(input);

      expect(leftOf(granted, text)).toEqual([
        { ...granted, permissions: expect.arrayContaining([...granted.permissions]) },
      ]);
    }
  });

  it('that was not sent leaves the grant as it is', () => {
    const granted = toNarrowed([FILES]);

    expect(narrowToPolicy(granted, undefined)).toBe(granted);
  });

  it('is refused if comparing all its names with all targets is too much work', () => {
    const targets = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        ...FILES,
        target: { ...FILES.target, key: `${index}/` },
      }));
    const asked = (count: number): AskedAllowance[] =>
      Array.from({ length: count }, () => ({
        actions: ['oss:GetObject'],
        resources: [{ text: '', isPrefix: true }],
      }));
    const tooMany = 'it has too many names for so many targets of the grant';

    expect(narrow(targets(1000), asked(10))).toHaveLength(1000);
    expect(narrow(targets(1001), asked(10))).toBe(tooMany);
    expect(narrow(targets(300), asked(42))).toBe(tooMany);
    const prefixes = Array.from({ length: 10 }, (_, index) => ({
      text: `${index}/`,
      isPrefix: true,
    }));
    const listings = [{ actions: ['oss:ListObjects'], resources: [], prefixes }];
    expect(narrow(targets(1001), listings)).toBe(tooMany);
  });

  it.each<[string, GrantedTarget, string, readonly GrantedTarget[]]>([
    ['everything', FILES, policyWith({ Action: '*', Resource: '*' }), [FILES]],
    ['one object', FILES, policyWith({ Resource: 'acs:oss:*:*:app-media/a/b.txt' }), [OBJECT]],
    [
      'a folder and all below it',
      FILES,
      policyWith({ Resource: ['acs:oss:*:*:app-media/a/b/', 'acs:oss:*:*:app-media/a/b/*'] }),
      [{ target: { bucket: 'app-media', key: 'a/b/' }, permissions: ['read'], actions: [] }],
    ],
    [
      'a part of a permission',
      FILES,
      policyWith({ Action: 'oss:PutObject' }),
      [{ target: FILES.target, permissions: [], actions: ['oss:PutObject'] }],
    ],
    [
      'a listing below the prefix',
      FILES,
      listing(['a/b/', 'a/b/*']),
      [{ target: { bucket: 'app-media', key: 'a/b/' }, permissions: ['list'], actions: [] }],
    ],
    [
      'a listing of more',
      FILES,
      listing('*'),
      [{ target: FILES.target, permissions: ['list'], actions: [] }],
    ],
    [
      'what the grant has and what it has not',
      OBJECT,
      policyWith({ Action: ['oss:GetObject', 'oss:PutObject'], Resource: '*' }),
      [OBJECT],
    ],
    [
      'a folder in a folder, and an object that is named like one',
      FILES,
      policyWith({
        Resource: [
          'acs:oss:*:*:app-media/a/b/*',
          'acs:oss:*:*:app-media/a/c/',
          'acs:oss:*:*:app-media/a/*',
        ],
      }),
      [{ target: FILES.target, permissions: ['read'], actions: [] }],
    ],
    [
      'its one object and another one',
      OBJECT,
      policyWith({ Resource: ['acs:oss:*:*:app-media/a/c.txt', 'acs:oss:*:*:app-media/a/b.txt'] }),
      [OBJECT],
    ],
    [
      'the same objects, twice',
      FILES,
      policyWith({ Resource: ['acs:oss:*:*:app-media/a/*', 'acs:oss:*:*:app-media/a/*'] }),
      [{ target: FILES.target, permissions: ['read'], actions: [] }],
    ],
    [
      'listings of its bucket and of another one',
      FILES,
      policyWith({
        Action: 'oss:ListObjects',
        Resource: ['acs:oss:*:*:app-media', 'acs:oss:*:*:app-media-2'],
      }),
      [{ target: FILES.target, permissions: ['list'], actions: [] }],
    ],
  ])('about %s narrows to it', (_what, granted, text, left) => {
    expect(leftOf(granted, text)).toEqual(left);
  });

  it.each<[string, GrantedTarget, string]>([
    [
      'objects by the beginning of their names',
      FILES,
      policyWith({ Resource: 'acs:oss:*:*:app-media/a/b*' }),
    ],
    [
      'the object that is named like a folder',
      FILES,
      policyWith({ Resource: 'acs:oss:*:*:app-media/a/b/' }),
    ],
    [
      'a segment that no key has',
      FILES,
      policyWith({ Resource: 'acs:oss:*:*:app-media/a/../b/*' }),
    ],
    ['a listing by the beginning of names', FILES, listing('a/b*')],
    ['one prefix and not what is below it', FILES, listing('a/b/')],
    ['any listing of a bucket that has a prefix', BUCKET, listing('*')],
    ['exactly one prefix, its own', FILES, exactly('a/')],
    ['exactly one prefix with an asterisk in it', FILES, exactly('a/*')],
  ])('about %s is refused, since that is no target', (_what, granted, text) => {
    expect(leftOf(granted, text)).toBe('it allows a part of the grant that is no target');
  });

  it.each<[string, GrantedTarget, string]>([
    ['a sibling', FILES, policyWith({ Resource: 'acs:oss:*:*:app-media/ab/*' })],
    ['another bucket', FILES, policyWith({ Resource: 'acs:oss:*:*:app-media-2/a/*' })],
    ['another action', FILES, policyWith({ Action: 'oss:PutBucketPolicy', Resource: '*' })],
    ['a listing elsewhere', FILES, listing('b/*')],
    ['a listing of what its prefix ends with', FILES, listing('/*')],
    ['exactly one prefix elsewhere', FILES, exactly('b/')],
    [
      'a listing that is not granted',
      OBJECT,
      policyWith({ Action: 'oss:ListObjects', Resource: '*' }),
    ],
  ])('about %s leaves nothing', (_what, granted, text) => {
    expect(leftOf(granted, text)).toBe('it allows nothing that the grant does');
  });
});
