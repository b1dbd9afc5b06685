import { describe, expect, it } from 'vitest';
import { lengthPrefixed } from '../../src/lib/length-prefixed.ts';
import { hostileString } from '../support/hostile-strings.ts';
import { fc } from '../support/seeded.ts';

describe('lengthPrefixed', () => {
  it('keeps lists apart that would be one text if they were joined', () => {
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

  it('gives no two different lists one text', () => {
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
