import { describe, expect, it } from 'vitest';
import type { Grant, TrustedIssuer } from '../../src/config/config.ts';
import { fitGrant } from '../../src/grants/fit-grant.ts';
import { formatTarget } from '../../src/grants/target.ts';
import {
  makeAllowance,
  makeAttribute,
  makeClaims,
  makeGrammar,
  makeGrant,
  makeIssuer,
} from '../support/config.ts';
import { HOSTILE_STRINGS } from '../support/hostile-strings.ts';

const path = (name: string) => makeAttribute(name, { grammar: makeGrammar('path') });

/** The targets that the grant allows for these claims, or why it does not fit. */
function targetsOf(
  targets: readonly [string, ...string[]],
  claims: Readonly<Record<string, unknown>>,
  issuer: TrustedIssuer = makeIssuer({
    attributes: [makeAttribute('user'), makeAttribute('tenant'), path('team')],
  }),
  overrides: Partial<Grant> = {},
) {
  const [first, ...others] = targets;
  const grant = makeGrant({
    allow: [makeAllowance(first), ...others.map((target) => makeAllowance(target))],
    ...overrides,
  });
  const result = fitGrant(grant, issuer, makeClaims(claims));
  return result.fits ? result.allowances.map(({ target }) => formatTarget(target)) : result.why;
}

describe('a grant that fits', () => {
  it.each<[string, Readonly<Record<string, unknown>>, readonly string[]]>([
    ['oss://b-1/', {}, ['oss://b-1/']],
    ['oss://b-1/public/', {}, ['oss://b-1/public/']],
    ['oss://b-1/users/{user}/', { user: '1' }, ['oss://b-1/users/1/']],
    ['oss://b-1/users/{user}', { user: '1' }, ['oss://b-1/users/1']],
    ['oss://b-1/u-{user}.d/', { user: '1' }, ['oss://b-1/u-1.d/']],
    ['oss://b-1/{user}/{user}/', { user: '1' }, ['oss://b-1/1/1/']],
    ['oss://b-1/{tenant}/{user}/', { tenant: 't', user: '1' }, ['oss://b-1/t/1/']],
    ['oss://b-1/{team}/', { team: 'a/b' }, ['oss://b-1/a/b/']],
    ['oss://b-1/{user}/', { user: ['1', '2', '1'] }, ['oss://b-1/1/', 'oss://b-1/2/']],
    [
      'oss://b-1/{tenant}/{user}/',
      { tenant: ['s', 't'], user: ['1', '2'] },
      ['oss://b-1/s/1/', 'oss://b-1/s/2/', 'oss://b-1/t/1/', 'oss://b-1/t/2/'],
    ],
    // an attribute has the same value everywhere in one target, even if its claim is an array
    ['oss://b-1/{user}/x/{user}/', { user: ['1', '2'] }, ['oss://b-1/1/x/1/', 'oss://b-1/2/x/2/']],
  ])('with the target %s and the claims %j allows %j', (target, claims, targets) => {
    expect(targetsOf([target], claims)).toEqual(targets);
  });

  it('keeps the permissions and actions of each target apart', () => {
    const grant = makeGrant({
      allow: [
        makeAllowance('oss://b-1/users/{user}/', ['read', 'write']),
        makeAllowance('oss://b-2/public/', ['list'], ['oss:GetObjectTagging']),
      ],
    });
    expect(fitGrant(grant, makeIssuer(), makeClaims({ sub: '1' }))).toEqual({
      fits: true,
      grant,
      allowances: [
        { target: { bucket: 'b-1', key: 'users/1/' }, permissions: ['read', 'write'], actions: [] },
        {
          target: { bucket: 'b-2', key: 'public/' },
          permissions: ['list'],
          actions: ['oss:GetObjectTagging'],
        },
      ],
    });
  });

  it('inserts values as plain text and does not expand them again', () => {
    const issuer = makeIssuer({
      attributes: [
        makeAttribute('user', { grammar: { kind: 'custom', characters: '!-~', maxLength: 64 } }),
        makeAttribute('tenant'),
      ],
    });
    expect(
      targetsOf(['oss://b-1/{user}/{tenant}/'], { user: 'tenant', tenant: 't' }, issuer),
    ).toEqual(['oss://b-1/tenant/t/']);
    for (const user of ['{tenant}', '$&', '$1', "$'"]) {
      expect(targetsOf(['oss://b-1/{user}/{tenant}/'], { user, tenant: 't' }, issuer)).toContain(
        'does not fit the grammar',
      );
    }
  });
});

describe('a grant that does not fit', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['oss://b-1/{user}/', {}, 'attribute "user": claim "user" is missing'],
    ['oss://b-1/{user}/', { user: '' }, 'attribute "user": claim "user" is empty'],
    ['oss://b-1/{user}/', { user: [] }, 'attribute "user": claim "user" is empty'],
    ['oss://b-1/{user}/', { user: ['1', '../2'] }, 'does not fit the grammar name'],
    ['oss://b-1/{user}/', { user: 1 }, 'is neither a string nor an array of strings'],
    ['oss://b-1/{tenant}/{user}/', { user: '1' }, 'attribute "tenant"'],
    ['oss://b-1/{nobody}/', { nobody: '1' }, 'attribute "nobody" is not defined'],
    ['oss://b-1/{constructor}/', { constructor: '1' }, 'attribute "constructor" is not defined'],
    ['oss://b-1/{__proto__}/', { user: '1' }, 'attribute "__proto__" is not defined'],
  ])('with the target %s and the claims %j reports: %s', (target, claims, why) => {
    expect(targetsOf([target], claims)).toContain(why);
  });

  it.each(HOSTILE_STRINGS.map((user) => [JSON.stringify(user).slice(0, 40), user]))(
    'is any grant with {user} if the user is %s',
    (_shown, user) => {
      expect(targetsOf(['oss://b-1/{user}/'], { user })).toContain('does not fit the grammar');
    },
  );

  it('is a grant of which one target cannot be filled', () => {
    expect(targetsOf(['oss://b-1/public/', 'oss://b-1/{user}/'], {})).toContain('is missing');
    expect(targetsOf(['oss://b-1/public/'], {})).toEqual(['oss://b-1/public/']);
  });

  it('is a grant for another issuer', () => {
    const other = makeIssuer({ name: 'other' });
    expect(targetsOf(['oss://b-1/public/'], {}, other)).toBe('the grant is for another issuer');
  });

  it('is a grant with a condition that does not hold', () => {
    const when: Grant['when'] = [
      { claim: ['plan'], operator: 'equals', value: 'pro' },
      { claim: ['verified'], operator: 'equals', value: true },
    ];
    const fitWith = (claims: Readonly<Record<string, unknown>>) =>
      targetsOf(['oss://b-1/public/'], claims, makeIssuer(), { when });

    expect(fitWith({ plan: 'pro', verified: true })).toEqual(['oss://b-1/public/']);
    expect(fitWith({ plan: 'pro' })).toBe(
      'condition equals on claim "verified" does not hold: it needs a boolean, and the claim is absent',
    );
    expect(fitWith({ verified: true })).toBe(
      'condition equals on claim "plan" does not hold: it needs a string, and the claim is absent',
    );
  });

  it.each<[string, readonly string[], string]>([
    ['five parts of 254 characters', Array.from({ length: 5 }, () => 'x'.repeat(254)), 'is longer'],
    ['a letter and a combining sign', ['\u0301'], 'is not in Unicode normal form C'],
  ])('is a grant whose values are valid alone but not together: %s', (_what, values, why) => {
    const attributes = values.map((_, index) =>
      makeAttribute(`a${index}`, {
        grammar: { kind: 'custom', characters: 'x\u0300-\u036f', maxLength: 254 },
      }),
    );
    const claims = Object.fromEntries(values.map((value, index) => [`a${index}`, value]));
    const key = attributes.map(({ name }) => `e{${name}}/`).join('');
    expect(targetsOf([`oss://b-1/${key}`], claims, makeIssuer({ attributes }))).toContain(why);
  });

  it('is a grant for which one of several values of an attribute makes an invalid key', () => {
    const grammar = { kind: 'custom', characters: 'x\u0300-\u036f', maxLength: 254 } as const;
    const issuer = makeIssuer({ attributes: [makeAttribute('a', { grammar })] });
    const misfit = targetsOf(['oss://b-1/e{a}/'], { a: ['x', '\u0301', 'xx'] }, issuer);

    expect(misfit).toContain('is not in Unicode normal form C');
  });
});

describe('a condition in report mode', () => {
  const isPro = { claim: ['plan'], operator: 'equals', value: 'pro' } as const;
  const isMember = { claim: ['member'], operator: 'exists', value: true } as const;
  const fits = (when: Grant['when'], claims: Readonly<Record<string, unknown>>) =>
    fitGrant(makeGrant({ when }), makeIssuer(), makeClaims({ sub: '1', ...claims })).fits;

  it.each([
    [{}, false],
    [{ plan: 'pro' }, false],
    [{ member: true }, true],
    [{ plan: 'pro', member: true }, true],
  ])(
    'is ignored: with the claims %j and an enforced condition, the grant fits: %s',
    (claims, expected) => {
      expect(fits([{ ...isPro, mode: 'report' }, isMember], claims)).toBe(expected);
      expect(fits([isMember, { ...isPro, mode: 'report' }], claims)).toBe(expected);
    },
  );

  it('is evaluated once its mode is enforce', () => {
    for (const condition of [isPro, { ...isPro, mode: 'enforce' } as const]) {
      expect(fits([condition], {})).toBe(false);
      expect(fits([condition], { plan: 'pro' })).toBe(true);
    }
  });
});

describe('fan-out', () => {
  const values = (count: number) => Array.from({ length: count }, (_, n) => `v${n}`);

  it('is limited to 1000 targets, per allowance and per grant', () => {
    const target = 'oss://b-1/{tenant}/{user}/';
    expect(targetsOf([target], { tenant: values(10), user: values(100) })).toHaveLength(1000);
    expect(targetsOf([target], { tenant: values(11), user: values(100) })).toBe(
      `target "${target}" yields more than 1000 targets`,
    );
    const two = ['oss://b-1/a/{user}/', 'oss://b-1/b/{user}/'] as const;
    expect(targetsOf([...two], { user: values(500) })).toHaveLength(1000);
    expect(targetsOf([...two], { user: values(501) })).toBe('more than 1000 targets');
  });

  it('stops before it computes too many targets', () => {
    // there would be 1000 to the power of six targets
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const issuer = makeIssuer({ attributes: names.map((name) => makeAttribute(name)) });
    const claims = Object.fromEntries(names.map((name) => [name, values(1000)]));
    const target = `oss://b-1/${names.map((name) => `{${name}}/`).join('')}`;
    expect(targetsOf([target], claims, issuer)).toContain('yields more than 1000 targets');
  });
});

describe('two callers', () => {
  it('share a key only if all its attributes are equal', () => {
    const words = ['a', 'b', 'ab', 'A', 'a-b', 'a.b', '-', '...', 'users'];
    const callers = words.flatMap((tenant) => words.map((user) => ({ tenant, user })));
    for (const target of ['oss://b-1/{tenant}/{user}/', 'oss://b-1/t-{tenant}/{user}.d/']) {
      const keys = new Set(callers.map((caller) => String(targetsOf([target], caller))));
      expect(keys.size).toBe(callers.length);
    }
  });
});
