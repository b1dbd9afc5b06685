import { describe, expect, it } from 'vitest';
import { lengthPrefixed } from '../../src/lib/length-prefixed.ts';
import { hostileString } from '../support/hostile-strings.ts';
import { fc } from '../support/seeded.ts';

describe('lengthPrefixed', () => {
  it('gives different texts for lists that look the same when joined', () => {
    const lists = [
      [],
      [''],
      ['', ''],
      ['ab', 'c'],
      ['a', 'bc'],
      ['abc'],
      ['a', 'b', 'c'],
      ['1:a'],
      ['a', '1:b'],
      ['a1:b'],
      ['1:a1:b'],
      ['0:'],
      ['0:', ''],
      ['a\0b'],
      ['a', '\0b'],
      ['é'],
      ['e\u0301'],
    ];
    expect(new Set(lists.map(lengthPrefixed)).size).toBe(lists.length);
  });

  it('gives different texts for any two different lists', () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'01:a'), maxLength: 4 }),
      hostileString,
    );
    const list = fc.array(text, { maxLength: 4 });
    fc.assert(
      fc.property(list, list, (left, right) => {
        const areEqual = JSON.stringify(left) === JSON.stringify(right);
        expect(lengthPrefixed(left) === lengthPrefixed(right)).toBe(areEqual);
      }),
    );
  });
});
