/** What a change adds and takes away, compared with the decisions of the broker before and after. */
import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/config/config.ts';
import { createDecide } from '../../src/decide.ts';
import { containsTarget } from '../../src/grants/target.ts';
import type { Claims, Decision, GrantedTarget, Target } from '../../src/ports.ts';
import { diffConfigs, isEmptyDiff } from '../../src/prove/diff.ts';
import type { Surplus } from '../../src/prove/diff-grant.ts';
import { createLanguages } from '../../src/prove/grammar-language.ts';
import { createSessionPolicyMemo } from '../../src/session-policy/session-policy-memo.ts';
import { makeAllowance, makeGrant } from '../support/config.ts';
import { fc, printSearch } from '../support/seeded.ts';
import { claims, grant, grants, ISSUERS, target, withInstance } from './arbitraries.ts';

/** Set FC_RUNS=10000 to search longer. */
const numRuns = Number(process.env['FC_RUNS'] ?? 100);
const languages = createLanguages();
const render = createSessionPolicyMemo(1000);

const config = (list: readonly Grant[]) => ({ issuers: ISSUERS, grants: list });

const rightsOf = ({ permissions, actions }: GrantedTarget) => [...permissions, ...actions];

/** What the decision means, without redundant targets and whatever the order. */
function meaningOf(decision: Decision): unknown {
  if (decision.outcome === 'refused') return decision.refusal.refusal.reason;
  const { grant: own, narrowed } = decision;
  const pairs = narrowed.allowances.flatMap((one) =>
    rightsOf(one).map((right) => ({ right, place: one.target })),
  );
  const outermost = pairs.filter(
    ({ right, place }) =>
      !pairs.some(
        (other) =>
          other.right === right &&
          containsTarget(other.place, place) &&
          !containsTarget(place, other.place),
      ),
  );
  return {
    grant: own.name,
    role: own.role,
    https: own.restrict.https,
    publicAcl: own.publicAcl,
    sourceIps: narrowed.sourceIps,
    seconds: narrowed.durationSeconds,
    rights: [
      ...new Set(outermost.map(({ right, place }) => `${right} ${place.bucket}/${place.key}`)),
    ].sort(),
  };
}

interface Request {
  readonly claims: Claims;
  readonly grant?: string | undefined;
  readonly target?: Target | undefined;
  readonly permissions?: readonly ('read' | 'write' | 'list' | 'delete')[] | undefined;
}

function decideFor(list: readonly Grant[], issuerName: string, request: Request): Decision {
  const issuer = ISSUERS.find(({ name }) => name === issuerName);
  if (issuer === undefined) throw new Error(issuerName);
  const on = list.filter(({ mode, disabled }) => mode !== 'report' && disabled !== true);
  const own = { ...request.claims, iss: issuer.issuer };
  return createDecide(on, render)(
    { issuer, claims: own, subject: String(own['sub' as never]), issuedAt: 0, expiresAt: 9000 },
    {
      grant: request.grant,
      target: request.target,
      permissions: request.permissions,
      tokenLeftSeconds: 9000,
      callerAddress: '203.0.113.7',
    },
  );
}

/** A change as people make it: often nothing, else one part of one grant. */
const change: fc.Arbitrary<(list: readonly Grant[]) => readonly Grant[]> = fc.oneof(
  withInstance.map((apply) => (list: readonly Grant[]) => list.map(apply)),
  withInstance.map((apply) => (list: readonly Grant[]) => list.map(apply)),
  fc.constant((list: readonly Grant[]) => [...list].reverse()),
  fc.constant((list: readonly Grant[]) => list.slice(1)),
  fc.constant((list: readonly Grant[]) =>
    list.map(
      (one): Grant => ({
        ...one,
        when: [...one.when, ...one.when],
        allow: [one.allow[0], ...one.allow.slice(1), one.allow[0]],
      }),
    ),
  ),
  grant.map(
    (other) => (list: readonly Grant[]) =>
      list.map((one, index) => (index === 0 ? { ...one, when: other.when } : one)),
  ),
  grant.map(
    (other) => (list: readonly Grant[]) =>
      list.map((one, index) => (index === 0 ? { ...one, allow: other.allow } : one)),
  ),
  grant.map(
    (other) =>
      (list: readonly Grant[]): readonly Grant[] =>
        list.map((one, index) =>
          index === 0
            ? { ...one, allow: [one.allow[0], ...one.allow.slice(1), ...other.allow] }
            : one,
        ),
  ),
  grant.map(
    (other) => (list: readonly Grant[]) =>
      list.map((one, index) =>
        index === 0 ? { ...one, restrict: other.restrict, publicAcl: other.publicAcl } : one,
      ),
  ),
  grant.map(
    (other) => (list: readonly Grant[]) =>
      list.map((one, index) => (index === 0 ? { ...other, name: one.name } : one)),
  ),
);

const requests = fc.array(
  fc.record({
    issuer: fc.constantFrom('app', 'partner'),
    claims,
    grant: fc.constantFrom('grant-0', 'grant-1', undefined),
    target: fc.option(target, { nil: undefined }),
    permissions: fc.option(
      fc.subarray(['read', 'write', 'list', 'delete'] as const, { minLength: 1 }),
      { nil: undefined },
    ),
  }),
  { minLength: 10, maxLength: 30 },
);

describe('the difference of two configs', () => {
  it('names the claim that only one of them looks at', () => {
    const [from, to] = [[{ claim: ['o', 'x'], operator: 'exists', value: false }] as const, []].map(
      (when) => config([makeGrant({ when, allow: [makeAllowance('oss://app-media/')] })]),
    );
    if (from === undefined || to === undefined) throw new Error('there are two configs');
    const { added, removed } = diffConfigs(from, to);

    expect(removed).toEqual([]);
    expect(added.map(({ claim, example }) => [claim, example?.claims['o']])).toEqual([
      [['o', 'x'], { x: '' }],
    ]);
  });

  it('does not count tokens that are never accepted', () => {
    const allow = [makeAllowance('oss://app-media/')] as const;
    const [from, to] = [
      [],
      [{ claim: ['jti'], operator: 'exists', value: true, mode: 'report' }] as const,
    ].map((when) => config([makeGrant({ when, allow })]));
    if (from === undefined || to === undefined) throw new Error('there are two configs');

    expect(isEmptyDiff(diffConfigs(from, to))).toBe(true);
    expect(isEmptyDiff(diffConfigs(to, from))).toBe(true);
  });

  it('tries each of a few values of a claim', () => {
    const when = [{ claim: ['a'], operator: 'in', values: ['a', 'b'] }] as const;
    const own = makeAllowance('oss://app-media/{a}/');
    const from = config([makeGrant({ when, allow: [own, makeAllowance('oss://app-media/a/')] })]);
    const to = config([makeGrant({ when, allow: [own] })]);
    const both = config([
      makeGrant({
        when: [{ claim: ['a'], operator: 'equals', value: 'a' }],
        allow: [own, makeAllowance('oss://app-media/a/')],
      }),
    ]);
    const one = config([makeGrant({ when: both.grants[0]?.when ?? [], allow: [own] })]);

    expect(diffConfigs(from, to).removed.map(({ example }) => example?.claims['a'])).toEqual(['b']);
    expect(isEmptyDiff(diffConfigs(both, one))).toBe(true);
  });

  it('finds what only a combination of values gets, one of each of two long lists', () => {
    const values = (letter: string) =>
      Array.from({ length: 40 }, (_, at) => `${letter}${String(at).padStart(2, '0')}`);
    const when = [
      { claim: ['a'], operator: 'in', values: values('a') },
      { claim: ['b'], operator: 'in', values: values('b') },
    ] as const;
    const known = makeAllowance('oss://app-media/a00/{b}/');
    const from = config([
      makeGrant({ when, allow: [known, makeAllowance('oss://app-media/{a}/b00/')] }),
    ]);
    const to = config([
      makeGrant({ when, allow: [known, makeAllowance('oss://app-media/{a}/{b}/')] }),
    ]);

    const [added] = diffConfigs(from, to).added;
    expect(added?.family.template.text).toBe('oss://app-media/{a}/{b}/');
    expect(added?.example?.claims['a']).not.toBe('a00');
    expect(added?.example?.claims['b']).not.toBe('b00');
  });

  it('calls more added than is, where too many values would have to be tried', () => {
    const names = ['a', 'b', 'o'];
    const literals = Array.from({ length: 30 }, (_, at) => `v${at}`);
    const when = names.map((name) => ({
      claim: [name] as const,
      operator: 'in' as const,
      values: literals,
    }));
    const all = makeAllowance('oss://app-media/{a}/{b}/{o}/');
    const own = literals.map((one) => makeAllowance(`oss://app-media/${one}/${one}/${one}/`));
    const one = makeAllowance('oss://app-media/v0/{b}/{o}/');
    const from = config([makeGrant({ when, allow: [one, all, ...own] })]);
    const to = config([makeGrant({ when, allow: [all, ...own] })]);

    expect(isEmptyDiff(diffConfigs(from, { ...from, grants: [...from.grants] }))).toBe(true);
    expect(diffConfigs(from, to).added).toEqual([]);
    const { removed } = diffConfigs(from, to);
    expect(removed.map(({ family, example }) => [family.template.text, example])).toEqual([
      ['oss://app-media/v0/{b}/{o}/', undefined],
    ]);
  });

  it('is empty if and only if no request is decided differently', () => {
    const counts = { same: 0, different: 0, 'without an example': 0 };
    fc.assert(
      fc.property(grants, change, requests, (from, apply, asked) => {
        const to = apply(from);
        const diff = diffConfigs(config(from), config(to), languages);
        if (isEmptyDiff(diff)) {
          counts.same += 1;
          for (const { issuer, ...request } of asked) {
            expect(meaningOf(decideFor(to, issuer, request))).toEqual(
              meaningOf(decideFor(from, issuer, request)),
            );
          }
          return;
        }
        counts.different += 1;
        for (const { grant: name, issuer, example } of diff.changed) {
          const request = { claims: example?.claims ?? {}, grant: name };
          const [before, after] = [from, to].map((list) =>
            meaningOf(decideFor(list, issuer, request)),
          );
          expect(after).not.toEqual(before);
        }
        for (const [list, other, surpluses] of [
          [to, from, diff.added],
          [from, to, diff.removed],
        ] as const) {
          for (const surplus of surpluses) {
            if (surplus.example === undefined) counts['without an example'] += 1;
            else expectOnlyIn(list, other, surplus);
          }
        }
      }),
      { numRuns },
    );
    printSearch('diff', counts);
    expect(Math.min(counts.same, counts.different)).toBeGreaterThan(numRuns / 20);
    expect(counts['without an example']).toBe(0);
  });
});

/** The example gets all the rights in one config, and not all of them in the other. */
function expectOnlyIn(
  list: readonly Grant[],
  other: readonly Grant[],
  { reach, rights, example }: Surplus,
): void {
  if (example === undefined) return;
  const { name } = reach.grant;
  const given = (all: readonly Grant[]) => {
    const decision = decideFor(all, reach.issuer.name, {
      claims: example.claims,
      grant: name,
      target: example.target,
    });
    return decision.outcome === 'refused' ? [] : decision.narrowed.allowances.flatMap(rightsOf);
  };
  expect(given(list)).toEqual(expect.arrayContaining([...rights]));
  expect(rights.every((right) => given(other).includes(right))).toBe(false);
}
