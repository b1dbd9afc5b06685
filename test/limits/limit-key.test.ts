import { describe, expect, it } from 'vitest';
import { limitKey } from '../../src/limits/limit-key.ts';
import { fc } from '../support/seeded.ts';

/** Every string, lone surrogates included, and with what joined keys would be cut at. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', ':', '|', '\0', '1', '2', '\ud800', '\udfff', ',') }),
);

describe('the key of a limit', () => {
  it('is 43 characters of base64url, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 4 }), (parts) => {
        expect(limitKey(parts)).toMatch(/^[A-Za-z0-9_-]{43}$/);
      }),
    );
  });

  it('is the same for the same parts, and another for any other', () => {
    const parts = fc.array(anyText, { maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const isSame = JSON.stringify(a) === JSON.stringify(b);
        expect(limitKey(a) === limitKey(b)).toBe(isSame);
      }),
    );
  });

  it('cannot be met by cutting the same text elsewhere', () => {
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
    ['an issuer that ends where a subject begins', ['https://a', 'b:c'], ['https://a:b', 'c']],
    ['lengths written into a value', ['a', '1:b'], ['a1:', 'b']],
    ['a part that is left out', ['a', ''], ['a']],
    ['lone surrogates, which UTF-8 cannot tell apart', ['\ud800'], ['\ud801']],
    ['the case of a letter', ['A'], ['a']],
    ['two normal forms of one text', ['\u00e9'], ['e\u0301']],
  ])('tells apart %s', (_what, a, b) => {
    expect(limitKey(a)).not.toBe(limitKey(b));
  });
});
