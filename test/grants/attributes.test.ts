import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AttributeRule, Grammar } from '../../src/config/config.ts';
import { fitsGrammar, readAttribute } from '../../src/grants/attributes.ts';
import { keyProblem } from '../../src/grants/target.ts';
import { makeAttribute, makeClaims, makeGrammar } from '../support/config.ts';
import {
  CHARACTERS_BY_CATEGORY,
  HOSTILE_STRINGS,
  harmlessString,
  hostileString,
} from '../support/hostile-strings.ts';
import { fc } from '../support/seeded.ts';

const numRuns = Number(process.env['FC_RUNS'] ?? 1000);

const custom = (characters: string, maxLength = 64): Grammar => ({
  kind: 'custom',
  characters,
  maxLength,
});

const read = (rule: AttributeRule, value: unknown) =>
  readAttribute(rule, makeClaims({ [rule.claim[0]]: value }));

const problem = (what: string) => ({ problem: `attribute "user": claim "user" ${what}` });

describe('readAttribute', () => {
  const rule = makeAttribute('user');

  it.each<[unknown, readonly string[]]>([
    ['user-1', ['user-1']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [
      ['b', 'a', 'b'],
      ['b', 'a'],
    ],
    [
      ['A', 'a'],
      ['A', 'a'],
    ],
    ['toString', ['toString']],
    ['__proto__', ['__proto__']],
  ])('accepts %j unchanged', (value, values) => {
    expect(read(rule, value)).toEqual({ values });
  });

  it.each<[unknown, string]>([
    [undefined, 'is missing'],
    [null, 'is neither a string nor an array of strings'],
    [7, 'is neither a string nor an array of strings'],
    [true, 'is neither a string nor an array of strings'],
    [{ length: 1, 0: 'a' }, 'is neither a string nor an array of strings'],
    [['a', 7], 'is neither a string nor an array of strings'],
    [['a', null], 'is neither a string nor an array of strings'],
    [[['a']], 'is neither a string nor an array of strings'],
    ['', 'is empty'],
    [['a', ''], 'is empty'],
    [[], 'is empty'],
    [['a', 'b/c'], 'does not fit the grammar name (at most 64 characters)'],
    [' a', 'does not fit the grammar name (at most 64 characters)'],
    ['a\n', 'does not fit the grammar name (at most 64 characters)'],
    ['x'.repeat(65), 'does not fit the grammar name (at most 64 characters)'],
  ])('has a problem with %j', (value, what) => {
    expect(read(rule, value)).toEqual(problem(what));
  });

  it('reports which characters a custom grammar allows', () => {
    const own = makeAttribute('user', { grammar: custom('A-Z_', 8) });
    expect(read(own, 'ann')).toEqual(
      problem('does not fit the grammar [A-Z_] (at most 8 characters)'),
    );
  });

  it.each<[Parameters<typeof makeGrammar>[0], string, string]>([
    ['uuid', '01234567-89ab-cdef-0123-456789ABCDEF', 'x'],
    ['email', 'ann@example.com', '('],
    ['path', 'a/b', 'é'],
    ['path', 'a/b', '/é'],
    ['subject', 'auth0|ann', 'é'],
    ['name', 'ann', 'é'],
  ])(
    'checks the whole value against the grammar %s: %s with nothing before or after it',
    (kind, value, more) => {
      const rule = makeAttribute('user', { grammar: makeGrammar(kind, 200) });
      expect(read(rule, value)).toEqual({ values: [value] });
      expect(read(rule, `${value}${more}`)).toHaveProperty('problem');
      expect(read(rule, `${more}${value}`)).toHaveProperty('problem');
    },
  );

  it('accepts at most 1000 values', () => {
    const values = Array.from({ length: 1000 }, (_, n) => `v${n}`);
    expect(read(rule, values)).toEqual({ values });
    expect(read(rule, [...values, 'v0'])).toEqual(problem('has more than 1000 values'));
  });

  it('never repeats the value in its problem', () => {
    for (const value of HOSTILE_STRINGS.filter((hostile) => hostile.length > 9)) {
      expect(JSON.stringify(read(rule, value))).not.toContain(value);
    }
  });

  it('ignores inherited members of the claims', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      const inherited = makeAttribute('user', { claim: [name] });
      expect(readAttribute(inherited, {})).toHaveProperty('problem');
      const own = JSON.parse(`{"${name}":"a"}`);
      expect(readAttribute(inherited, own)).toEqual({ values: ['a'] });
    }
  });

  describe('for a hash', () => {
    const hashed = makeAttribute('user', { hash: true, grammar: custom('a-z2-7', 52) });

    it('accepts any text and returns the base32 of its SHA-256', () => {
      const bits = [...createHash('sha256').update('ann').digest()]
        .map((byte) => byte.toString(2).padStart(8, '0'))
        .join('');
      const expected = (bits.match(/.{1,5}/g) ?? [])
        .map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five.padEnd(5, '0'), 2)])
        .join('');
      expect(read(hashed, 'ann')).toEqual({ values: [expected] });
    });

    it('gives texts that differ in case, normal form or white space different values', () => {
      const texts = new Set([
        ...HOSTILE_STRINGS.filter((text) => text.isWellFormed()),
        ...['é', 'e\u0301', 'a', 'A', 'a ', ' a'],
      ]);
      const reading = read(hashed, [...texts]);
      expect('values' in reading && new Set(reading.values).size).toBe(texts.size);
    });

    it.each<[unknown]>([['\ud800'], ['a\udc00'], [['a', '\udfff']]])(
      'has a problem with the lone surrogate in %j, since UTF-8 encodes all of them alike',
      (value) => {
        expect(read(hashed, value)).toHaveProperty('problem');
      },
    );

    it.each<[unknown]>([[7], [null], [{}], [''], [[]]])('has a problem with %j', (value) => {
      expect(read(hashed, value)).toHaveProperty('problem');
    });
  });
});

const UUID = '3f2c1a90-7b64-4e0d-9a51-0c8e2d6f7b31';

describe('fitsGrammar', () => {
  it.each<[Grammar, readonly string[], readonly string[]]>([
    [
      makeGrammar('name'),
      ['a', 'a.b@c_d-e', '...', '..a', '-', 'x'.repeat(64)],
      ['', '.', '..', 'a b', 'a|b', 'a:b', 'a/b', 'a+b', 'é', 'ａ', 'x'.repeat(65)],
    ],
    [
      makeGrammar('subject'),
      ['auth0|507f', 'repo:org', 'a@b', 'x'.repeat(128)],
      ['repo:org/app:ref', '.', '..', 'a b', 'a*', 'x'.repeat(129)],
    ],
    [
      makeGrammar('uuid'),
      [UUID, UUID.toUpperCase()],
      [UUID.slice(1), `${UUID}0`, UUID.replaceAll('-', ''), `{${UUID}}`, `urn:uuid:${UUID}`],
    ],
    [
      makeGrammar('email'),
      ['ann@example.com', 'a.b+c@mail.example.com', 'A@B.C'],
      ['ann', 'ann@', '@example.com', 'a@b', 'a@b@c.d', 'a b@c.de', '"a"@b.cd', 'a@b..c', 'a@b.c/'],
    ],
    [
      makeGrammar('path'),
      ['a', 'a/b', 'a/.../b', 'x'.repeat(256)],
      ['/a', 'a/', 'a//b', '/', 'a/../b', '..', './a', 'a/.', 'a|b', 'a/b*', 'x'.repeat(257)],
    ],
    [custom('a-c'), ['a', 'abc'], ['d', 'A', 'a-', '', 'x'.repeat(65)]],
    [custom('a-cX_'), ['aX_'], ['-', 'Y', '^', '`']],
    [custom('-a'), ['-a'], ['b', ',', '.']],
    [custom('a-'), ['a-'], ['b']],
    [custom('a-c-e'), ['a-e', 'c'], ['d']],
    [custom('z-a'), [], ['z', 'a', 'm', '-']],
    [custom('.'), ['...'], ['.', '..']],
    [
      custom('!-~'),
      ["a'b(c)<d>", 'a:b|c~'],
      ['*', 'a?', '$a', '{a}', 'a\\', '%41', 'a"b', 'a/b', '/', 'a/', '.', '..'],
    ],
    [custom('!-\uffff'), ['é', '用'], ['*', 'e\u0301', '\u202e', '\ud800', 'a\u2028']],
  ])('for %j accepts %j and no others', (grammar, accepted, refused) => {
    for (const value of accepted)
      expect([value, fitsGrammar(value, grammar)]).toEqual([value, true]);
    for (const value of refused)
      expect([value, fitsGrammar(value, grammar)]).toEqual([value, false]);
  });

  it('accepts none of the hostile strings as a name', () => {
    expect(HOSTILE_STRINGS.filter((text) => fitsGrammar(text, makeGrammar('name')))).toEqual([]);
  });

  it('accepts nothing that is unsafe in a key, for any grammar and any text', () => {
    const grammar = fc.oneof(
      fc
        .constantFrom('name' as const, 'subject', 'uuid', 'email', 'path')
        .chain((kind) => fc.constantFrom(makeGrammar(kind), makeGrammar(kind, 20_000))),
      fc.constantFrom('!-~', '\0-\uffff', '.', '*?$', '/.').map((set) => custom(set, 20_000)),
      fc.string({ unit: 'binary', maxLength: 5 }).map((set) => custom(set, 20_000)),
    );
    const value = fc.oneof(hostileString, harmlessString);
    let accepted = 0;
    fc.assert(
      fc.property(grammar, fc.array(value, { minLength: 1, maxLength: 3 }), (rule, texts) => {
        const reading = read(makeAttribute('user', { grammar: rule }), texts);
        if ('problem' in reading) return;
        accepted += 1;
        for (const text of reading.values) {
          expect(keyProblem(text)).toBeUndefined();
          expect(text).not.toMatch(/^$|^\/|\/$|[*?${}\\%"]|\p{C}/u);
          if (rule.kind !== 'path') expect(text).not.toContain('/');
        }
      }),
      { numRuns },
    );
    expect(accepted).toBeGreaterThan(numRuns / 50);
  });
});

describe('the hostile strings', () => {
  it('contain a character of every Unicode category', () => {
    const categories = Object.entries(CHARACTERS_BY_CATEGORY);
    expect(categories).toHaveLength(30);
    for (const [category, characters] of categories) {
      for (const character of characters) {
        expect([category, character]).toEqual([
          category,
          expect.stringMatching(new RegExp(`^\\p{${category}}$`, 'u')),
        ]);
      }
    }
  });
});
