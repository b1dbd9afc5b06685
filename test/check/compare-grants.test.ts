/** What `check` says of grants in each other's way is what the pipeline does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareGrants } from '../../src/check/compare-grants.ts';
import type { Grant, TrustedIssuer } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { createDecide } from '../../src/decide.ts';
import { parseTarget } from '../../src/grants/target.ts';
import { createSessionPolicyMemo } from '../../src/session-policy/session-policy-memo.ts';
import { GRANT, HEAD } from './support.ts';

const { config } = loadConfig({
  text: `${HEAD}${GRANT}`.replace(
    'user: { claim: sub }',
    'user: { claim: sub }, team: { claim: team }',
  ),
  file: 'broker.yaml',
  environment: {},
});
const [base] = config.grants;
const [issuer] = config.issuers;

type When = Grant['when'];
const PLANS = ['free', 'pro', 'team'];
const TARGETS = [
  'users/{user}/',
  'users/{user}/in/',
  'users/{user}/in/a.txt',
  'users/',
  'teams/{team}/',
  '',
];

function grantOf(members: Partial<Grant>, name: string): Grant {
  if (base === undefined) throw new Error('there is no grant');
  return { ...base, name, ...members };
}

function allowance(key: string, permissions: Grant['allow'][0]['permissions']): Grant['allow'][0] {
  const parts = key.split(/(\{\w+\})/).filter((part) => part !== '');
  const toPart = (part: string) => (part.startsWith('{') ? { attribute: part.slice(1, -1) } : part);
  const target = { text: `oss://app-media/${key}`, bucket: 'app-media', key: parts.map(toPart) };
  return { target, permissions, actions: [] };
}

const plan: Grant['when'][0]['claim'] = ['plan'];
const conditions: fc.Arbitrary<When> = fc.array(
  fc.oneof(
    fc.constantFrom(...PLANS).map((value) => ({ claim: plan, operator: 'equals' as const, value })),
    fc
      .subarray(PLANS, { minLength: 1 })
      .map((values) => ({ claim: plan, operator: 'in' as const, values })),
    fc
      .constantFrom('', 'p', 'pro')
      .map((value) => ({ claim: plan, operator: 'startsWith' as const, value })),
    fc.boolean().map((value) => ({ claim: plan, operator: 'exists' as const, value })),
    fc
      .constantFrom(...PLANS)
      .map((value) => ({ claim: plan, operator: 'contains' as const, value })),
  ),
  { maxLength: 2 },
);
const grants = fc
  .array(
    fc.record({
      when: conditions,
      allow: fc
        .tuple(
          fc.constantFrom(...TARGETS),
          fc.subarray(['read', 'write'] as const, { minLength: 1 }),
        )
        .map(([key, permissions]): Grant['allow'] => [allowance(key, permissions)]),
    }),
    { minLength: 2, maxLength: 4 },
  )
  .map((all) => all.map((members, index) => grantOf(members, `grant-${index}`)));

/** Every claim that the conditions can tell apart, and targets in and beside the grants. */
const CLAIMS = [undefined, null, 1, ...PLANS, 'p', PLANS, ['pro'], []].flatMap((plan) =>
  [undefined, 'red'].map((team) => ({ sub: '7', plan, team })),
);
const ASKED = [
  undefined,
  '',
  'users/',
  'users/7/',
  'users/7/in/',
  'users/7/in/a.txt',
  'teams/red/',
  'x/',
];

/** The grants that are used for requests that name none. */
function usedUnnamed(all: readonly Grant[], trusted: TrustedIssuer): ReadonlySet<string> {
  const decide = createDecide(all, createSessionPolicyMemo(1));
  const used = new Set<string>();
  for (const claims of CLAIMS) {
    const given = Object.entries(claims).filter(([, value]) => value !== undefined);
    for (const key of ASKED) {
      const target = key === undefined ? undefined : parseTarget(`oss://app-media/${key}`);
      const token = {
        issuer: trusted,
        subject: '7',
        claims: Object.fromEntries(given),
        expiresAt: 2e9,
        issuedAt: 0,
      };
      const asked = { target, tokenLeftSeconds: 3600, callerAddress: undefined };
      const decision = decide(token, asked);
      if (decision.outcome === 'granted') used.add(decision.grant.name);
    }
  }
  return used;
}

describe('a grant that is in the way of another', () => {
  it('is never used for a request that names no grant', () => {
    if (issuer === undefined) throw new Error('there is no issuer');
    let found = 0;
    fc.assert(
      fc.property(grants, (all) => {
        const used = usedUnnamed(all, issuer);
        for (const { grant } of compareGrants(all)) {
          found++;
          expect(used).not.toContain(grant.name);
        }
      }),
      { numRuns: 400 },
    );
    // the property is about something
    expect(found).toBeGreaterThan(100);
  });
});

describe('two grants', () => {
  const files = grantOf({}, 'files');
  const read = allowance('users/{user}/', ['read']);
  const both = allowance('users/{user}/', ['read', 'write']);
  const pro: When = [{ claim: plan, operator: 'equals', value: 'pro' }];
  const paying: When = [{ claim: plan, operator: 'in', values: ['pro', 'team'] }];
  const relations = (...all: readonly Grant[]) =>
    compareGrants(all).map(({ grant, relation }) => `${grant.name} is ${relation}`);

  it.each<[string, Partial<Grant>, readonly string[]]>([
    ['that are the same', {}, ['other is duplicate']],
    ['of which one has a condition', { when: pro }, ['other is shadowed']],
    ['of which one gives more', { allow: [both] }, ['files is shadowed']],
    [
      'of which one is for less',
      { allow: [allowance('users/{user}/in/', ['read'])] },
      ['other is shadowed'],
    ],
    [
      'of which one gives another thing',
      { allow: [allowance('users/{user}/', ['write'])] },
      ['other is ambiguous'],
    ],
    ['with another role', { role: 'acs:ram::123456789012:role/b' }, ['other is ambiguous']],
    [
      'with a longer duration',
      { duration: { defaultSeconds: 900, maxSeconds: 7200, strict: false } },
      ['files is shadowed'],
    ],
    ['in report mode', { mode: 'report' }, []],
    ['for another issuer', { issuer: 'another' }, []],
    ['side by side', { allow: [allowance('teams/', ['read'])] }, []],
    [
      'with a condition in report mode',
      { when: [{ claim: plan, operator: 'equals', value: 'pro', mode: 'report' }] },
      ['other is duplicate'],
    ],
    ['that need another attribute', { allow: [read, allowance('teams/{team}/', ['read'])] }, []],
  ])('%s', (_how, members, expected) => {
    expect(
      relations(
        { ...files, allow: [read] },
        { ...files, allow: [read], ...members, name: 'other' },
      ),
    ).toEqual(expected);
  });

  it('with conditions of which one implies the other', () => {
    expect(relations(grantOf({ when: paying }, 'a'), grantOf({ when: pro }, 'b'))).toEqual([
      'b is shadowed',
    ]);
    expect(relations(grantOf({ when: pro }, 'a'), grantOf({ when: paying }, 'b'))).toEqual([
      'a is shadowed',
    ]);
  });

  it('that exclude each other', () => {
    const team: When = [{ claim: plan, operator: 'equals', value: 'team' }];

    expect(relations(grantOf({ when: pro }, 'a'), grantOf({ when: team }, 'b'))).toEqual([]);
  });
});

it('a thousand grants for one target are compared without comparing each with each', () => {
  let looks = 0;
  const all = Array.from({ length: 1000 }, (_, index) => {
    const when: When = [{ claim: plan, operator: 'equals', value: `plan-${index}` }];
    const grant = grantOf({ when }, `grant-${index}`);
    return {
      ...grant,
      get when() {
        looks++;
        return grant.when;
      },
    };
  });
  const twice = grantOf({ when: all[500]?.when ?? [] }, 'twice');

  expect(compareGrants([...all, twice]).map(({ grant }) => grant.name)).toEqual(['twice']);
  // each with each is a million
  expect(looks).toBeLessThan(20_000);
});
