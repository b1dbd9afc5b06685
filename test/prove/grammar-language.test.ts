/** The languages of the grammars, and the automata that they are made of. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grammar } from '../../src/config/config.ts';
import { fitsGrammar } from '../../src/grants/attributes.ts';
import { createLanguages } from '../../src/prove/grammar-language.ts';
import {
  between,
  includes,
  intersect,
  languageOf,
  languageOfPrefix,
  subtract,
} from '../../src/prove/language.ts';
import { allTexts, shortestText } from '../../src/prove/language-texts.ts';

const numRuns = Number(process.env['FC_RUNS'] ?? 2000);

const maxLength = fc.constantFrom(1, 2, 3, 5, 36, 64);
const grammar: fc.Arbitrary<Grammar> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('name', 'uuid', 'email', 'subject', 'path'),
    maxLength,
  }),
  fc.record({
    kind: fc.constant('custom'),
    characters: fc.constantFrom('a', 'a-c', '.', '!-~', 'a-z2-7', '-a', 'a-', '.-/', '=c'),
    maxLength,
  }),
);

const piece = fc.constantFrom(
  'a',
  'b',
  'Z',
  '7',
  '.',
  '..',
  '@',
  '-',
  '/',
  '|',
  ':',
  '+',
  '_',
  '=',
  '*',
  'é',
  '\ud800',
);
const value = fc.oneof(
  fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
  fc.string({ maxLength: 5 }),
  fc.uuid(),
  fc.constantFrom('a@b.c', 'a@b', 'a@b.c.d', 'a@b..c', 'a@.b', '@b.c', 'a@b@c.d'),
);

describe('the language of a grammar', () => {
  const { ofGrammar: languageOfGrammar } = createLanguages();

  it('has exactly the values that the broker accepts', () => {
    fc.assert(
      fc.property(grammar, value, (one, text) => {
        expect(includes(languageOfGrammar(one), text)).toBe(fitsGrammar(text, one));
      }),
      { numRuns },
    );
  });

  it('has as its example a value that the broker accepts', () => {
    fc.assert(
      fc.property(grammar, (one) => {
        const example = shortestText(languageOfGrammar(one));
        if (example !== undefined) expect(fitsGrammar(example, one)).toBe(true);
      }),
    );
    expect(
      shortestText(languageOfGrammar({ kind: 'custom', characters: '.', maxLength: 2 })),
    ).toBeUndefined();
    expect(shortestText(languageOfGrammar({ kind: 'uuid', maxLength: 35 }))).toBeUndefined();
  });
});

describe('a language', () => {
  const texts = fc.array(fc.constantFrom('', 'a', 'b', 'ab', 'ba', 'aab', 'é', '\ud800'), {
    maxLength: 5,
  });
  const language = fc.oneof(
    texts.map((list) => ({
      language: languageOf(list),
      has: (text: string) => list.some((one) => one === text),
    })),
    fc.constantFrom('', 'a', 'ab').map((prefix) => ({
      language: languageOfPrefix(prefix),
      has: (text: string) => text.startsWith(prefix),
    })),
  );
  const text = fc.oneof(
    fc.constantFrom('', 'a', 'b', 'ab', 'ba', 'aab', 'é', '\ud800', 'abc'),
    fc.string({ maxLength: 3 }),
  );

  it('has what sets of texts have: both, the one without the other, and what stands between two texts', () => {
    fc.assert(
      fc.property(
        language,
        language,
        text,
        fc.constantFrom('', 'a', 'b'),
        fc.constantFrom('', 'a', 'b'),
        (one, other, sample, before, after) => {
          expect(includes(one.language, sample)).toBe(one.has(sample));
          expect(includes(intersect(one.language, other.language), sample)).toBe(
            one.has(sample) && other.has(sample),
          );
          expect(includes(subtract(one.language, other.language), sample)).toBe(
            one.has(sample) && !other.has(sample),
          );
          expect(includes(between(one.language, before, after), sample)).toBe(
            one.has(before + sample + after),
          );
        },
      ),
      { numRuns },
    );
  });

  it('lists all its texts if they are few, and none if they are many', () => {
    fc.assert(
      fc.property(texts, (list) => {
        expect([...(allTexts(languageOf(list), 10) ?? [])].sort()).toEqual(
          [...new Set(list)].sort(),
        );
      }),
    );
    expect(allTexts(languageOfPrefix('a'), 1000)).toBeUndefined();
  });
});
