import { describe, expect, it } from 'vitest';
import { limitKey } from '../../src/limits/limit-key.ts';
import { fc } from '../support/seeded.ts';

/** Any string, with lone surrogates and with characters that could separate joined parts. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', ':', '|', '\0', '1', '2', '\ud800', '\udfff', ',') }),
);

describe('the key of a limit', () => {
  it('is 43 characters of base64url for any parts', () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 4 }), (parts) => {
        expect(limitKey(parts)).toMatch(/^[A-Za-z0-9_-]{43}$/);
      }),
    );
  });

  it('is the same for the same parts and different for different parts', () => {
    const parts = fc.array(anyText, { maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const isSame = JSON.stringify(a) === JSON.stringify(b);
        expect(limitKey(a) === limitKey(b)).toBe(isSame);
      }),
    );
  });

  it('differs if the same text is split at another position', () => {
    fc.assert(
      fc.property(anyText, fc.nat(), fc.nat(), (text, first, second) => {
        const cut = (at: number) => {
          const place = at % (text.length + 1);
          return [text.slice(0, place), text.slice(place)];
        };
        const [a, b] = [cut(first), cut(second)];
        expect(limitKey(a) === limitKey(b)).toBe(a[0] === b[0]);
      }),
    );
  });

  it.each([
    [
      'an issuer and a subject split at another position',
      ['https://a', 'b:c'],
      ['https://a:b', 'c'],
    ],
    ['a value that contains a length prefix', ['a', '1:b'], ['a1:', 'b']],
    ['an empty part and a missing part', ['a', ''], ['a']],
    ['lone surrogates, which are equal in UTF-8', ['\ud800'], ['\ud801']],
    ['the case of a letter', ['A'], ['a']],
    ['two normal forms of one text', ['\u00e9'], ['e\u0301']],
  ])('distinguishes %s', (_what, a, b) => {
    expect(limitKey(a)).not.toBe(limitKey(b));
  });
});
