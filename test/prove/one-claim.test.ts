/** Kinds of claims and targets that random configs seldom have: each with what callers can get. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AttributeRule, Condition } from '../../src/config/config.ts';
import { base32 } from '../../src/lib/base32.ts';
import { createProver } from '../../src/prove/prover.ts';
import { ANY_RIGHT } from '../../src/prove/rights.ts';
import {
  makeAllowance,
  makeAttribute,
  makeGrammar,
  makeGrant,
  makeIssuer,
} from '../support/config.ts';

const hashOf = (text: string) => base32(createHash('sha256').update(text).digest());

const HASH = { kind: 'custom', characters: 'a-z2-7', maxLength: 52 } as const;
const FEW = { kind: 'custom', characters: 'a-c', maxLength: 2 } as const;
const WIDE = makeGrammar('name', 256);
const ATTRIBUTES: readonly AttributeRule[] = [
  makeAttribute('a', { grammar: WIDE }),
  makeAttribute('a2', { claim: ['a'], grammar: WIDE }),
  makeAttribute('ah', { claim: ['a'], hash: true, grammar: HASH }),
  makeAttribute('few', { claim: ['f'], grammar: FEW }),
  makeAttribute('fh', { claim: ['f'], hash: true, grammar: HASH }),
  makeAttribute('path', { claim: ['a'], grammar: makeGrammar('path') }),
  makeAttribute('mail', { claim: ['a'], grammar: makeGrammar('email') }),
  makeAttribute('inner', { claim: ['o', 'x'] }),
  makeAttribute('o'),
];

const LONG = 'v'.repeat(256);
/** With it and one `/`, two values of 256 characters make a key of exactly 1,023. */
const FILLER = 'f'.repeat(1023 - 2 * 256 - 3);

type Row = [
  what: string,
  template: string,
  key: string,
  expected: 'all' | 'some' | 'nobody' | 'unknown',
  when?: readonly Condition[],
];

const ROWS: Row[] = [
  ['two attributes of one text, equal', '{a}/{a2}/', 'x/x/', 'all'],
  ['two attributes of one list, different', '{a}/{a2}/', 'x/y/', 'all'],
  ['the same attribute twice', '{a}/{a}/', 'x/x/', 'all'],
  ['the same attribute twice has one value in each target', '{a}/{a}/', 'x/y/', 'nobody'],
  [
    'two attributes of a claim that must be text',
    '{a}/{a2}/',
    'x/y/',
    'nobody',
    [{ claim: ['a'], operator: 'in', values: ['x', 'y'] }],
  ],
  ['two grammars that share no value', '{few}/{mail}/', 'a/', 'some'],
  ['a text and its hash', '{a}/{ah}/', `x/${hashOf('x')}/`, 'all'],
  ['a text and the hash of another one in the list', '{few}/{fh}/', `a/${hashOf('b')}/`, 'all'],
  ['a hash of no text that the grammar has', '{few}/{fh}/', `a/${hashOf('z')}/`, 'nobody'],
  [
    'a hash of a text that the condition leaves out',
    '{few}/{fh}/',
    `a/${hashOf('b')}/`,
    'nobody',
    [{ claim: ['f'], operator: 'startsWith', value: 'a' }],
  ],
  ['a hash of one of endless texts', '{ah}/', `${hashOf('x')}/`, 'unknown'],
  ['what is no hash', '{ah}/', 'x/', 'nobody'],
  [
    'a hash is in base32, whose last character is one of two',
    '{ah}/',
    `${'a'.repeat(51)}b/`,
    'nobody',
  ],
  ['the longest value', '{a}/', `${LONG}/`, 'all'],
  ['a value that is one character too long', '{a}/', `${LONG}v/`, 'nobody'],
  ['the longest key', `${FILLER}/{a}/{a2}/`, `${FILLER}/${LONG}/${LONG}/`, 'all'],
  ['a key that is too long', `${FILLER}f/{a}/{a2}/`, `${FILLER}f/${LONG}/`, 'nobody'],
  ['a path that contains what is asked for', '{a}/{path}/', 'x/y/z/', 'all'],
  ['a value of a path that another attribute cannot have', '{a}/{path}', 'x/y/z', 'nobody'],
  ['a path below what is asked for', '{path}/', 'x/y/', 'all'],
  ['a part of the bucket', '{inner}/', '', 'some'],
  ['the whole bucket', '', 'any/key', 'all'],
  ['all of the whole bucket', '', '', 'all'],
  ['one object', '{inner}/one', 'x/one', 'all'],
  ['a folder named as the one object', '{inner}/one', 'x/one/', 'nobody'],
  ['an object below the one object', '{inner}/one', 'x/one/two', 'nobody'],
  ['a folder around the one object', '{inner}/one', 'x/', 'some'],
  ['a claim inside of another that must be text', '{o}/{inner}/', 'x/', 'nobody'],
  [
    'a claim inside of another that must not be there',
    '{inner}/',
    'x/',
    'nobody',
    [{ claim: ['o'], operator: 'exists', value: false }],
  ],
  [
    'a claim beside one that must not be there',
    '{inner}/',
    'x/',
    'all',
    [{ claim: ['o', 'y'], operator: 'exists', value: false }],
  ],
  [
    'a condition that is only reported',
    '{inner}/',
    'x/',
    'all',
    [{ claim: ['o'], operator: 'exists', value: false, mode: 'report' }],
  ],
  [
    'a list that must contain what no attribute accepts',
    '{a}/',
    'x/',
    'nobody',
    [{ claim: ['a'], operator: 'contains', value: 7 }],
  ],
  [
    'a list that must contain another text',
    '{few}/',
    'a/',
    'all',
    [{ claim: ['f'], operator: 'contains', value: 'b' }],
  ],
];

describe('who can get', () => {
  it.each(ROWS)('%s: %s at %s is for %s', (_what, template, key, expected, when = []) => {
    const prover = createProver({
      issuers: [makeIssuer({ attributes: ATTRIBUTES })],
      grants: [makeGrant({ when, allow: [makeAllowance(`oss://app-media/${template}`)] })],
    });
    const ways = prover.waysTo(ANY_RIGHT, { bucket: 'app-media', key });

    const found = ways.map(({ covers, example }) => (example === undefined ? 'unknown' : covers));
    expect([...new Set(found)].slice(0, 1)).toEqual(expected === 'nobody' ? [] : [expected]);
  });
});
