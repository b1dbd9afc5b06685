import { describe, expect, it } from 'vitest';
import type { Permission } from '../../src/config/config.ts';
import { fitGrant } from '../../src/grants/fit-grant.ts';
import { narrowAllowances } from '../../src/grants/narrow-allowances.ts';
import { narrowDuration } from '../../src/grants/narrow-duration.ts';
import { formatTarget, isPrefix, parseTarget } from '../../src/grants/target.ts';
import type { GrantedTarget } from '../../src/ports.ts';
import { type Refusal, RefusalError } from '../../src/refusal.ts';
import { fc } from '../support/seeded.ts';
import { claims, grant, ISSUER } from './arbitraries.ts';

const numRuns = Number(process.env['FC_RUNS'] ?? 1000);

interface Asked {
  readonly target?: string;
  readonly permissions?: readonly Permission[];
}

function narrow(granted: readonly GrantedTarget[], { target, permissions }: Asked) {
  return narrowAllowances('g', granted, {
    target: target === undefined ? undefined : parseTarget(target),
    permissions,
  });
}

function refusalOf(run: () => unknown): Refusal | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof RefusalError) return error.refusal;
    throw error;
  }
  return undefined;
}

const given = (
  target: string,
  permissions: readonly Permission[],
  actions: readonly string[] = [],
): GrantedTarget => ({ target: parseTarget(target), permissions, actions });

const OWN = given('oss://app-media/users/1/', ['read', 'write', 'list'], ['oss:GetObjectTagging']);
const SHARED = given('oss://app-media/shared/', ['read']);

describe('narrowing to a target', () => {
  it('changes nothing if the caller asks for nothing', () => {
    expect(narrow([OWN, SHARED], {})).toEqual([OWN, SHARED]);
  });

  it.each(['oss://app-media/users/1/', 'oss://app-media/users/1/a/b/'])(
    'keeps everything that the grant allows on %s, and nothing elsewhere',
    (target) => {
      expect(narrow([OWN, SHARED], { target })).toEqual([{ ...OWN, target: parseTarget(target) }]);
    },
  );

  it('keeps both the permission and the action of an allowance', () => {
    const both = given('oss://app-media/a/', ['read'], ['oss:GetObjectTagging']);
    expect(narrow([both], { target: 'oss://app-media/a/' })).toEqual([both]);
  });

  it('drops list on a single object', () => {
    const target = 'oss://app-media/users/1/a.txt';
    const [only, ...others] = narrow([OWN], { target });
    expect(only?.permissions).toEqual(['read', 'write']);
    expect(others).toEqual([]);
  });

  it('merges what several allowances give on the target, without duplicates', () => {
    const deep = given('oss://app-media/users/1/a/', ['read', 'delete'], ['oss:GetObjectTagging']);
    expect(narrow([OWN, deep], { target: 'oss://app-media/users/1/a/b/' })).toEqual([
      given('oss://app-media/users/1/a/b/', ['read', 'write', 'list', 'delete'], OWN.actions),
    ]);
    expect(narrow([OWN, deep], { target: 'oss://app-media/users/1/b/' })[0]?.permissions).toEqual(
      OWN.permissions,
    );
  });

  it.each([
    'oss://app-media/',
    'oss://app-media/users/',
    'oss://app-media/users/1',
    'oss://app-media/users/10/',
    'oss://app-media/users/10/a',
    'oss://app-media/Users/1/',
    'oss://app-media-2/users/1/',
  ])('refuses %s', (target) => {
    expect(refusalOf(() => narrow([OWN, SHARED], { target }))).toEqual({
      reason: 'target_outside_grant',
      grants: ['g'],
    });
  });

  it('refuses a single object if the grant only allows list', () => {
    const listed = given('oss://app-media/users/1/', ['list']);
    expect(refusalOf(() => narrow([listed], { target: 'oss://app-media/users/1/a' }))?.reason).toBe(
      'target_outside_grant',
    );
    expect(narrow([listed], { target: 'oss://app-media/users/1/a/' })).toHaveLength(1);
  });
});

describe('narrowing to permissions', () => {
  it('keeps the permissions where the grant gives them, and drops actions', () => {
    expect(narrow([OWN, SHARED], { permissions: ['read'] })).toEqual([
      given('oss://app-media/users/1/', ['read']),
      given('oss://app-media/shared/', ['read']),
    ]);
    expect(narrow([OWN, SHARED], { permissions: ['list', 'write'] })).toEqual([
      given('oss://app-media/users/1/', ['write', 'list']),
    ]);
  });

  it.each<[Asked]>([
    [{ permissions: [] }],
    [{ permissions: ['delete'] }],
    [{ permissions: ['read', 'delete'] }],
    [{ permissions: ['write'], target: 'oss://app-media/shared/' }],
    [{ permissions: ['list'], target: 'oss://app-media/users/1/a' }],
  ])('refuses %j', (asked) => {
    expect(refusalOf(() => narrow([OWN, SHARED], asked))).toEqual({
      reason: 'permission_outside_grant',
      grant: 'g',
    });
  });

  it('refuses every permission on a target where the grant allows only actions', () => {
    const raw = given('oss://app-media/a/', [], ['oss:GetObjectTagging']);
    expect(refusalOf(() => narrow([raw], { permissions: ['read'] }))?.reason).toBe(
      'permission_outside_grant',
    );
    expect(narrow([raw], { target: 'oss://app-media/a/b' })).toEqual([
      given('oss://app-media/a/b', [], raw.actions),
    ]);
  });
});

/** Lists each target with each permission and action that is allowed on it. */
function listAll(allowances: readonly GrantedTarget[]): readonly (readonly [string, string])[] {
  return allowances.flatMap(({ target, permissions, actions }) =>
    [...permissions, ...actions].map((what) => [formatTarget(target), what] as const),
  );
}

const isWithin = (outer: string, inner: string) =>
  outer.endsWith('/') ? inner.startsWith(outer) : inner === outer;

describe('narrowing of any grant by any request', () => {
  const permissions = fc.option(
    fc.subarray(['read', 'write', 'list', 'delete'] as const, { minLength: 1 }),
    { nil: undefined },
  );
  const suffix = fc.constantFrom('', 'a', 'a/', 'a/b');

  it('never allows more than the grant does, or than the caller asks for', () => {
    let narrowed = 0;
    const ask = fc.record({ at: fc.nat(5), suffix, cut: fc.nat(8), permissions });
    fc.assert(
      fc.property(
        grant,
        claims,
        fc.array(ask, { minLength: 1, maxLength: 4 }),
        (rule, all, asks) => {
          const fit = fitGrant(rule, ISSUER, all);
          if (!fit.fits) return;
          const granted = listAll(fit.allowances);
          for (const { at, cut, ...asked } of asks) {
            const base = granted[at % granted.length]?.[0] ?? '';
            // a target cut at its end is its parent, or a sibling with the same beginning
            const target = `${base.slice(0, Math.max(base.length - Math.max(0, cut - 4), 0))}${asked.suffix}`;
            let result: readonly GrantedTarget[] = [];
            const refusal = refusalOf(() => {
              result = narrow(fit.allowances, {
                target,
                ...(asked.permissions === undefined ? {} : { permissions: asked.permissions }),
              });
            });
            const isInside = granted.some(([outer]) => isWithin(outer, target));
            if (!isInside) expect(refusal?.reason).toMatch(/^target_(malformed|outside_grant)$/);
            if (refusal !== undefined) continue;
            narrowed += 1;
            for (const [place, what] of listAll(result)) {
              expect(place).toBe(target);
              expect(granted.some(([outer, it]) => it === what && isWithin(outer, place))).toBe(
                true,
              );
              if (asked.permissions !== undefined) expect(asked.permissions).toContain(what);
            }
            // a permission that the caller asks for is never silently dropped
            for (const permission of asked.permissions ?? []) {
              expect(listAll(result).map(([, what]) => what)).toContain(permission);
            }
          }
        },
      ),
      { numRuns },
    );
    expect(narrowed).toBeGreaterThan(numRuns / 10);
  });

  it('gives the same result if its result is narrowed to the same target again', () => {
    fc.assert(
      fc.property(grant, claims, suffix, (rule, all, end) => {
        const fit = fitGrant(rule, ISSUER, all);
        const first = fit.fits ? fit.allowances.find(({ target }) => isPrefix(target)) : undefined;
        if (!fit.fits || first === undefined) return;
        const target = `${formatTarget(first.target)}${end}`;
        if (refusalOf(() => narrow(fit.allowances, { target })) !== undefined) return;
        const once = narrow(fit.allowances, { target });
        expect(narrow(once, { target })).toEqual(once);
      }),
      { numRuns },
    );
  });
});

describe('narrowing the duration', () => {
  const duration = { defaultSeconds: 1800, maxSeconds: 3600, strict: false };
  const narrowTo = (
    durationSeconds: number | undefined,
    tokenLeftSeconds: number,
    strict = false,
  ) => narrowDuration('g', { ...duration, strict }, { durationSeconds, tokenLeftSeconds });

  it.each([
    [undefined, 7200, 1800],
    [900, 7200, 900],
    [3600, 7200, 3600],
    [3600, 2000, 2000],
    [undefined, 1000, 1000],
    [undefined, 900, 900],
    // STS accepts no less than 900 s
    [undefined, 899, 900],
    [3600, 1, 900],
    [undefined, -29, 900],
  ])('to %s s, with %i s left of the subject token, gives %i s', (asked, left, expected) => {
    expect(narrowTo(asked, left)).toBe(expected);
  });

  it.each([
    [900, 900],
    [3600, 3600],
    // the usual duration of a protocol is no wish of the caller: it is shortened, and not refused
    [43_200, 3600],
  ])('whose protocol usually has %i s gives %i s', (usualDurationSeconds, expected) => {
    const asked = { durationSeconds: undefined, usualDurationSeconds, tokenLeftSeconds: 7200 };
    expect(narrowDuration('g', duration, asked)).toBe(expected);
    expect(narrowDuration('g', duration, { ...asked, durationSeconds: 1000 })).toBe(1000);
  });

  it('refuses a longer duration than the grant allows', () => {
    expect(refusalOf(() => narrowTo(3601, 7200))).toEqual({
      reason: 'duration_outside_grant',
      grant: 'g',
      maxSeconds: 3600,
    });
  });

  it('refuses a subject token with less than 900 s left if the grant is strict', () => {
    expect(refusalOf(() => narrowTo(undefined, 899, true))).toEqual({
      reason: 'token_life_too_short',
      grant: 'g',
      leftSeconds: 899,
    });
    expect(narrowTo(undefined, 900, true)).toBe(900);
  });

  it('never exceeds what the caller asks for, the grant and the subject token, except up to 900 s', () => {
    const seconds = fc.integer({ min: 900, max: 43_200 });
    fc.assert(
      fc.property(seconds, fc.integer({ min: -60, max: 90_000 }), (asked, left) => {
        if (asked > 3600) {
          expect(refusalOf(() => narrowTo(asked, left))?.reason).toBe('duration_outside_grant');
          return;
        }
        expect(narrowTo(asked, left)).toBe(Math.max(900, Math.min(asked, left)));
      }),
      { numRuns },
    );
  });
});
