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
import { fc, printSearch } from '../support/seeded.ts';
import { claims, grant, grants, ISSUERS, target } from './arbitraries.ts';

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
