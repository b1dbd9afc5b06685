/** Nobody gets what is called unreachable, whatever a request asks for and whoever is denied. */
import { describe, expect, it } from 'vitest';
import type { DenyLists } from '../../src/config/limit-settings.ts';
import { createDecide } from '../../src/decide.ts';
import { containsTarget } from '../../src/grants/target.ts';
import { createKillSwitches } from '../../src/limits/kill-switches.ts';
import type { AskedAllowance, Claims, SubjectToken, Target } from '../../src/ports.ts';
import { createLanguages } from '../../src/prove/grammar-language.ts';
import { createProver, type Prover } from '../../src/prove/prover.ts';
import { ANY_RIGHT, PERMISSIONS, toRight } from '../../src/prove/rights.ts';
import { RefusalError } from '../../src/refusal.ts';
import {
  LIST_ACTION,
  OBJECT_ACTIONS,
  PERMISSION_ACTIONS,
} from '../../src/session-policy/object-actions.ts';
import { createSessionPolicyMemo } from '../../src/session-policy/session-policy-memo.ts';
import { fc, printSearch } from '../support/seeded.ts';
import { claims, grantsAndTarget, ISSUERS } from './arbitraries.ts';

const numRuns = Number(process.env['FC_RUNS'] ?? 300);
const languages = createLanguages();
/** Without what its time decides. */
const LEFT_SECONDS = 3600;

/** Subjects and token IDs of the generated claims. */
const denyLists: fc.Arbitrary<DenyLists | undefined> = fc.option(
  fc.record({
    subjects: fc.subarray(['a', 'b', 'c', 'ab', 'aa', 'users', '=']),
    tokenIds: fc.subarray(['a', 'b', 'ab']),
    keyIds: fc.constant([]),
  }),
  { nil: undefined },
);

const withDeny = <One extends object>(one: One, deny: DenyLists | undefined) =>
  deny === undefined ? one : { ...one, deny };

/** Statements about a place, what is below it and what is around it. */
const policyAbout = ({ bucket, key }: Target): fc.Arbitrary<readonly AskedAllowance[]> => {
  const texts = [`${bucket}/`, `${bucket}/${key}`, `${bucket}/${key}x`, `${bucket}/users/`, ''];
  const pattern = fc.record({ text: fc.constantFrom(...texts), isPrefix: fc.boolean() });
  const listed = fc.record({
    text: fc.constantFrom(key, '', 'users/', `${key}x/`),
    isPrefix: fc.boolean(),
  });
  return fc.array(
    fc.record(
      {
        actions: fc.subarray([...OBJECT_ACTIONS.slice(0, 5), LIST_ACTION, 'oss:PutObjectAcl'], {
          minLength: 1,
        }),
        resources: fc.array(fc.oneof(pattern, fc.constant({ text: bucket, isPrefix: false })), {
          minLength: 1,
          maxLength: 2,
        }),
        prefixes: fc.array(listed, { minLength: 1, maxLength: 2 }),
      },
      { requiredKeys: ['actions', 'resources'] },
    ),
    { minLength: 1, maxLength: 2 },
  );
};

/** Allows everything in the bucket of a place. */
const policyOfBucket = ({ bucket }: Target): readonly AskedAllowance[] => [
  { actions: OBJECT_ACTIONS, resources: [{ text: `${bucket}/`, isPrefix: true }] },
];

const request = grantsAndTarget.chain(([grants, place]) =>
  fc.record({
    grants: fc.constant(grants),
    denied: fc.array(denyLists, { minLength: 5, maxLength: 5 }),
    callers: fc.array(claims, { minLength: 5, maxLength: 15 }),
    asked: fc.oneof(
      fc.record(
        {
          grant: fc.constantFrom(...grants.map(({ name }) => name)),
          target: fc.constant(place),
          permissions: fc.subarray([...PERMISSIONS], { minLength: 1 }),
          policy: policyAbout(place),
        },
        { requiredKeys: [] },
      ),
      // with no other wish, a policy meets a grant often
      fc.record({ policy: fc.oneof(policyAbout(place), fc.constant(policyOfBucket(place))) }),
    ),
  }),
);

/** Whether verification accepts the audience, which attributes and conditions may read. */
function isFor({ audiences }: SubjectToken['issuer'], { aud }: Claims): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return audiences.some((audience) => named.includes(audience));
}

/** As verification makes it. */
function toToken(issuer: SubjectToken['issuer'], own: Claims): SubjectToken {
  const { sub, jti } = own;
  return {
    issuer,
    claims: { ...own, iss: issuer.issuer },
    subject: String(sub),
    ...(typeof jti === 'string' ? { tokenId: jti } : {}),
    issuedAt: 0,
    expiresAt: LEFT_SECONDS,
  };
}

/** Every action of the right on every target, or nothing if a step refuses. */
function issue(
  config: Parameters<typeof createKillSwitches>[0],
  token: SubjectToken,
  asked: object,
): { readonly grant: string; readonly given: readonly (readonly [string, Target])[] } | undefined {
  const { refuseDenied, checkGrant } = createKillSwitches(config);
  const decide = createDecide(
    config.grants.filter(({ mode }) => mode !== 'report'),
    createSessionPolicyMemo(10),
  );
  const context = { tokenLeftSeconds: LEFT_SECONDS, callerAddress: '203.0.113.7' };
  try {
    refuseDenied(token);
    const decision = decide(token, { ...asked, ...context });
    if (decision.outcome === 'refused') return undefined;
    checkGrant(token, decision.grant);
    const given = decision.narrowed.allowances.flatMap(({ target, permissions, actions }) => {
      const all = permissions.flatMap((one) =>
        one === 'list' ? [LIST_ACTION] : PERMISSION_ACTIONS[one],
      );
      return [...new Set([...all, ...actions])].map((action) => [action, target] as const);
    });
    return { grant: decision.grant.name, given };
  } catch (error) {
    if (error instanceof RefusalError) return undefined;
    throw error;
  }
}

function isCalledReachable(prover: Prover, grant: string, action: string, place: Target): boolean {
  const right = toRight(action);
  if (right === undefined) throw new Error(action);
  return prover
    .waysTo(right, place)
    .some((way) => way.reach.grant.name === grant && way.covers === 'all');
}

/** Generated callers who also have the claims that fit a grant. */
function fittingCallers({ reaches, waysTo }: Prover, callers: readonly Claims[]) {
  const places = reaches.flatMap(({ families }) => families.map(({ template }) => template.bucket));
  const examples = [...new Set(places)].flatMap((bucket) => waysTo(ANY_RIGHT, { bucket, key: '' }));
  return examples.flatMap(({ example }, at) =>
    example === undefined ? [] : [example.claims, { ...callers[at], ...example.claims }],
  );
}

describe('whatever a request asks for', () => {
  it('gets nothing that is called unreachable: named or not, with a policy, a target and permissions', () => {
    let found = 0;
    let byPolicy = 0;
    let refused = 0;
    fc.assert(
      fc.property(request, ({ grants: list, denied, callers, asked }) => {
        const [first, second, ...ofGrants] = denied;
        const issuers = ISSUERS.map((one, at) => withDeny(one, at === 0 ? first : second));
        const grants = list.map((one, at) => withDeny(one, ofGrants[at]));
        const prover = createProver({ issuers, grants }, languages);
        const fitting = fittingCallers(prover, callers);
        for (const issuer of issuers) {
          for (const own of [...callers, ...fitting]) {
            if (!isFor(issuer, own)) continue;
            const issued = issue({ issuers, grants }, toToken(issuer, own), asked);
            if (issued === undefined) refused += 1;
            for (const [action, target] of issued?.given ?? []) {
              found += 1;
              if (asked.policy !== undefined) byPolicy += 1;
              expect(isCalledReachable(prover, issued?.grant ?? '', action, target)).toBe(true);
            }
          }
        }
      }),
      { numRuns },
    );
    printSearch('what requests get', { found, byPolicy, refused });
    expect(found).toBeGreaterThan(numRuns / 10);
    expect(byPolicy).toBeGreaterThan(numRuns / 30);
  });

  it('is shown with callers whom no list denies', () => {
    let shown = 0;
    fc.assert(
      fc.property(request, ({ grants: list, denied, asked }) => {
        const [first, second, ...ofGrants] = denied;
        const issuers = ISSUERS.map((one, at) => withDeny(one, at === 0 ? first : second));
        const grants = list.map((one, at) => withDeny(one, ofGrants[at]));
        const prover = createProver({ issuers, grants }, languages);
        const target = 'target' in asked ? asked.target : undefined;
        const place = target ?? { bucket: 'app-media', key: '' };
        for (const right of [...PERMISSIONS, 'oss:PutObjectAcl'].flatMap(
          (name) => toRight(name) ?? [],
        )) {
          for (const { reach, example } of prover.waysTo(right, place)) {
            if (example === undefined) continue;
            shown += 1;
            const exampleTarget = example.target;
            const issued = issue({ issuers, grants }, toToken(reach.issuer, example.claims), {
              grant: reach.grant.name,
              ...(exampleTarget === undefined ? {} : { target: exampleTarget }),
            });
            const isGiven = issued?.given.some(
              ([action, given]) =>
                right.actions.includes(action) &&
                (containsTarget(place, given) || containsTarget(given, place)),
            );
            expect(isGiven).toBe(true);
          }
        }
      }),
      { numRuns },
    );
    expect(shown).toBeGreaterThan(numRuns / 10);
  });
});
