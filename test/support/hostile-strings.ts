/** Strings that an attacker would put into a claim or a request, for tables and for fast-check. */
import fc from 'fast-check';

/** Characters from every general category of Unicode, some of which look like syntax. */
export const CHARACTERS_BY_CATEGORY: Readonly<Record<string, readonly string[]>> = {
  Lu: ['A', 'Å', 'А', 'İ'],
  Ll: ['a', 'ı', 'а', 'ß'],
  Lt: ['ǅ'],
  Lm: ['ʰ', 'ー'],
  Lo: ['用', 'ﷺ', 'ª'],
  Mn: ['\u0301', '\ufe0f', '\u034f'],
  Mc: ['\u0903'],
  Me: ['\u20dd'],
  Nd: ['1', '٣', '𝟙'],
  Nl: ['Ⅷ'],
  No: ['²', '½'],
  Pc: ['_', '‿'],
  Pd: ['-', '—', '－'],
  Ps: ['(', '[', '{', '｛'],
  Pe: [')', ']', '}', '｝'],
  Pi: ['«'],
  Pf: ['»'],
  Po: ['*', '?', '/', '\\', '%', '"', "'", ',', ':', '.', '@', '＊', '／', '．', '…', '․'],
  Sm: ['+', '<', '|', '~', '∕', '⁄'],
  Sc: ['$', '＄'],
  Sk: ['^', '`', '´'],
  So: ['©', '\ufffd', '😀'],
  Zs: [' ', '\u00a0', '\u3000', '\u2002'],
  Zl: ['\u2028'],
  Zp: ['\u2029'],
  Cc: ['\0', '\t', '\n', '\r', '\u001b', '\u007f', '\u0085', '\u009b'],
  Cf: ['\u200b', '\u202e', '\u2066', '\ufeff', '\u00ad', '\u{e0041}'],
  Cs: ['\ud800', '\udbff', '\udc00', '\udfff'],
  Co: ['\ue000', '\u{f0000}'],
  Cn: ['\u0378', '\uffff', '\u{10ffff}'],
};

/** Wildcards, template and JSON syntax, path tricks and percent-encoding. Most are known from attacks. */
const FRAGMENTS = [
  '*',
  '?',
  '**',
  'user*',
  '.',
  '..',
  '...',
  '/',
  '//',
  './',
  '../',
  '/..',
  '/../',
  'a/',
  '/a',
  '\\..\\',
  '%2e%2e',
  '%2F',
  '%2A',
  '%00',
  '%',
  '${user}',
  '${aws:username}',
  '{user}',
  '{{user}}',
  '}',
  '$',
  '$&',
  "$'",
  '<%= x %>',
  '#{x}',
  '","Effect":"Allow","Resource":"*',
  '"]}]}',
  '\\u002a',
  '\\"',
  'acs:oss:*:*:app-media/*',
  'oss://app-media/',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  '[object Object]',
  'users',
  'victim',
  '1',
  '10',
  'é',
  'e\u0301',
  'Å',
  'A\u030a',
  'ﬁ',
  '\u202eresu',
  '😀',
];

const UUID = '3f2c1a90-7b64-4e0d-9a51-0c8e2d6f7b31';

/** One string for each kind of attack, for tables. The empty string is not included. */
export const HOSTILE_STRINGS: readonly string[] = [
  ...FRAGMENTS.filter((text) => /[^A-Za-z0-9._@-]/.test(text) || /^\.\.?$/.test(text)),
  ...Object.values(CHARACTERS_BY_CATEGORY)
    .flat()
    .filter((character) => !/[A-Za-z0-9._@-]/.test(character))
    .map((character) => `a${character}b`),
  'x'.repeat(10_000),
  '用'.repeat(1000),
  'a/'.repeat(5000),
];

const character = fc.oneof(
  fc.constantFrom(...Object.values(CHARACTERS_BY_CATEGORY).flat()),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);

/** Strings that the grammars accept, so that a search also reaches the code behind the grammars. */
export const harmlessString = fc.oneof(
  fc.constantFrom('1', '10', 'user-1', 'victim', 'a', 'A', 'a.b@c_d', '...', '..a', '_', '-', UUID),
  fc.constantFrom('ann@example.com', 'auth0|507f', 'repo:org', 'teams/design', 'a/b/c'),
  fc.stringMatching(/^[A-Za-z0-9._@-]{1,12}$/),
);

/** Any string, mostly of the kinds above, often a harmless string with a hostile part inserted. */
export const hostileString: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...FRAGMENTS) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(harmlessString, fc.oneof(character, fc.constantFrom(...FRAGMENTS)), fc.nat(12))
      .map(([text, bad, at]) => text.slice(0, at) + bad + text.slice(at)),
  },
  {
    weight: 4,
    arbitrary: fc
      .array(fc.oneof(character, fc.constantFrom(...FRAGMENTS)), { maxLength: 6 })
      .map((parts) => parts.join('')),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('x', '../', '用', '*', 'a/'),
        fc.constantFrom(64, 65, 255, 1023, 10_000),
      )
      .map(([text, length]) => text.repeat(length).slice(0, length)),
  },
);
