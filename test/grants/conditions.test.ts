import { describe, expect, it } from 'vitest';
import type { Condition } from '../../src/config/config.ts';
import { unmetCondition } from '../../src/grants/conditions.ts';
import { makeClaims } from '../support/config.ts';

const claim = ['x'] as const;
const ABSENT = Symbol('absent');

/** Every operator, with claim values for which it holds and for which it does not. */
const TABLE: readonly (readonly [Condition, readonly unknown[], readonly unknown[]])[] = [
  [
    { claim, operator: 'equals', value: true },
    [true],
    ['true', 1, [true], {}, false, null, ABSENT],
  ],
  [{ claim, operator: 'equals', value: false }, [false], [0, '', 'false', null, [], ABSENT]],
  [{ claim, operator: 'equals', value: 1 }, [1], ['1', true, [1], 1.5, null, ABSENT]],
  [
    { claim, operator: 'equals', value: 'é' },
    ['é'],
    ['e\u0301', 'É', 'é ', ' é', 'é\n', 'éé', ['é'], { x: 'é' }, ABSENT],
  ],
  [
    { claim, operator: 'in', values: ['pro', 2, true] },
    ['pro', 2, true],
    ['Pro', '2', 'true', 1, ['pro'], ['pro', 2, true], 'pro,2', null, ABSENT],
  ],
  [{ claim, operator: 'in', values: [] }, [], ['', null, [], ABSENT]],
  [
    { claim, operator: 'contains', value: 'admin' },
    [['admin'], ['a', 'admin']],
    ['admin', 'x admin', ['Admin'], ['administrator'], [['admin']], { 0: 'admin' }, [], ABSENT],
  ],
  // a config that an earlier version has compiled can hold such numbers
  [
    { claim, operator: 'equals', value: 2 ** 53 },
    [],
    [2 ** 53, 2 ** 53 + 2, 2 ** 53 - 1, String(2 ** 53)],
  ],
  [
    { claim, operator: 'equals', value: Number.POSITIVE_INFINITY },
    [],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1],
  ],
  [{ claim, operator: 'in', values: [1, -(2 ** 53)] }, [1], [-(2 ** 53)]],
  [{ claim, operator: 'contains', value: 2 ** 60 }, [], [[2 ** 60], [1, 2 ** 60]]],
  [
    { claim, operator: 'equals', value: Number.MAX_SAFE_INTEGER },
    [Number.MAX_SAFE_INTEGER],
    [2 ** 53, Number.POSITIVE_INFINITY],
  ],
  [{ claim, operator: 'contains', value: 2 }, [[1, 2]], [['2'], 2, [[2]], ABSENT]],
  [
    { claim, operator: 'startsWith', value: 'repo:org/' },
    ['repo:org/', 'repo:org/app'],
    ['repo:org', 'repo:org-evil/app', 'REPO:org/', ' repo:org/', ['repo:org/app'], 7, ABSENT],
  ],
  [{ claim, operator: 'exists', value: true }, ['', 0, false, [], {}, 'x'], [null, ABSENT]],
  [{ claim, operator: 'exists', value: false }, [ABSENT], ['', 0, false, [], {}, 'x', null]],
];

const claimsOf = (value: unknown) => makeClaims(value === ABSENT ? {} : { x: value });

describe('a condition', () => {
  it.each(TABLE)('%j holds for the expected values only', (condition, right, wrong) => {
    for (const value of right) expect(unmetCondition(condition, claimsOf(value))).toBeUndefined();
    for (const value of wrong) {
      const [, cause] = (unmetCondition(condition, claimsOf(value)) ?? '').split(
        `condition ${condition.operator} on claim "x" does not hold`,
      );
      expect(cause).toMatch(/^(: it needs an? [a-z ]+, and the claim (is|has only) [a-z ]+)?$/);
    }
  });

  it.each<[Condition, unknown, string]>([
    [{ claim, operator: 'equals', value: 1 }, '1', 'a number, and the claim is a string'],
    [{ claim, operator: 'equals', value: true }, null, 'a boolean, and the claim is null'],
    [{ claim, operator: 'equals', value: 'a' }, ABSENT, 'a string, and the claim is absent'],
    [{ claim, operator: 'equals', value: 'a' }, { a: 1 }, 'a string, and the claim is an object'],
    [
      { claim, operator: 'in', values: ['a', 'b', 2] },
      true,
      'a string or a number, and the claim is a boolean',
    ],
    [{ claim, operator: 'contains', value: 'a' }, 'a', 'an array, and the claim is a string'],
    [
      { claim, operator: 'contains', value: 2 },
      ['2', true, 'x'],
      'an array with a number, and the claim has only a boolean and a string',
    ],
    [{ claim, operator: 'startsWith', value: 'a' }, ['a'], 'a string, and the claim is an array'],
  ])('%j says both types if the claim is %j', (condition, value, cause) => {
    expect(unmetCondition(condition, claimsOf(value))).toBe(
      `condition ${condition.operator} on claim "x" does not hold: it needs ${cause}`,
    );
  });

  it.each<[Condition, unknown]>([
    [{ claim, operator: 'equals', value: 1 }, 2],
    [{ claim, operator: 'in', values: ['a', 2] }, 3],
    [{ claim, operator: 'in', values: [] }, 3],
    [{ claim, operator: 'contains', value: 'a' }, ['b', 1]],
    [{ claim, operator: 'contains', value: 'a' }, []],
    [{ claim, operator: 'startsWith', value: 'a' }, 'b'],
    [{ claim, operator: 'exists', value: true }, ABSENT],
  ])('%j names no type if that of %j is right', (condition, value) => {
    expect(unmetCondition(condition, claimsOf(value))).toMatch(/does not hold$/);
  });

  it('does not hold for inherited members', () => {
    const exists: Condition = { claim: ['constructor'], operator: 'exists', value: true };
    expect(unmetCondition(exists, {})).toBeDefined();
    expect(unmetCondition(exists, { constructor: 'x' })).toBeUndefined();
  });

  it('compares whole strings and treats nothing as a pattern', () => {
    for (const value of ['a|b', 'a.*', '.*', '^', '*', '']) {
      const condition: Condition = { claim, operator: 'equals', value };
      expect(unmetCondition(condition, claimsOf('a'))).toBeDefined();
      expect(unmetCondition(condition, claimsOf(value))).toBeUndefined();
    }
  });
});
