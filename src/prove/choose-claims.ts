/** Finds claims that fit a grant and give its attributes wanted values. */
import { createHash } from 'node:crypto';
import type { AttributeRule } from '../config/config.ts';
import { base32 } from '../lib/base32.ts';
import type { Claims } from '../ports.ts';
import { arraysOf, pickArray, textsOf } from './claim-set.ts';
import { type ClaimSpace, claimsIn, pathKey, setOf } from './claim-space.ts';
import { ANY_TEXT, includes, intersect, isNothing, type Language, languageOf } from './language.ts';
import { allTexts, shortestText } from './language-texts.ts';

export interface WantedValue {
  readonly attribute: AttributeRule;
  /** Of the attribute: of the hash, if it is one. */
  readonly values: Language;
}

export type Choice =
  /** `values`: of each wanted attribute, by its name. */
  | { readonly claims: Claims; readonly values: ReadonlyMap<string, string> }
  /** Some SHA-256 would have to be one of many values: that no claims exist cannot be shown. */
  | 'unknown'
  | 'none';

/** If a hash is wanted, at most this many values of a claim are tried. */
const MAX_HASHED = 2000;

/** Base32 of 256 bits: the last character has one of them. */
const HASHES: Language = hashes();

/** Each attribute of the grant's targets must be in `wanted`, any number of times. */
export function chooseClaims(space: ClaimSpace, wanted: readonly WantedValue[]): Choice {
  const fixed = new Map<string, unknown>();
  const values = new Map<string, string>();
  let isUnknown = false;
  for (const group of groupByClaim(wanted)) {
    const chosen = chooseClaim(space, group);
    if (chosen === 'none') return 'none';
    if (chosen === 'unknown') {
      isUnknown = true;
      continue;
    }
    fixed.set(group.key, chosen.claim);
    for (const [name, value] of chosen.values) values.set(name, value);
  }
  const claims = claimsIn(space, fixed);
  if (claims === undefined) return 'none';
  return isUnknown ? 'unknown' : { claims, values };
}

interface ClaimGroup {
  readonly key: string;
  /** Each attribute once. */
  readonly wanted: readonly WantedValue[];
}

function groupByClaim(wanted: readonly WantedValue[]): readonly ClaimGroup[] {
  const groups = new Map<string, Map<string, WantedValue>>();
  for (const { attribute, values } of wanted) {
    const key = pathKey(attribute.claim);
    const group = groups.get(key) ?? new Map<string, WantedValue>();
    groups.set(key, group);
    const known = group.get(attribute.name);
    const both = known === undefined ? values : intersect(known.values, values);
    group.set(attribute.name, { attribute, values: both });
  }
  return [...groups].map(([key, group]) => ({ key, wanted: [...group.values()] }));
}

type ChosenClaim =
  | { readonly claim: unknown; readonly values: readonly (readonly [string, string])[] }
  | 'unknown'
  | 'none';

/** One text for all attributes if that is possible, else a list with a text for each. */
function chooseClaim(space: ClaimSpace, { wanted }: ClaimGroup): ChosenClaim {
  const [first] = wanted;
  if (first === undefined) return 'none';
  const set = setOf(space, first.attribute.claim);
  const one = chooseText(textsOf(set), wanted);
  if (typeof one === 'object') {
    return {
      claim: one.text,
      values: wanted.map(({ attribute }) => [attribute.name, readText(attribute, one.text)]),
    };
  }
  const arrays = arraysOf(set);
  if (arrays === undefined) return one;
  const texts = wanted.map((value) => chooseText(arrays.items ?? ANY_TEXT, [value]));
  const chosen = texts.flatMap((found) => (typeof found === 'object' ? [found.text] : []));
  if (chosen.length < wanted.length) {
    return texts.includes('none') && one === 'none' ? 'none' : 'unknown';
  }
  const claim = pickArray(arrays, chosen);
  if (claim === undefined) return one;
  return {
    claim,
    values: wanted.map(({ attribute }, index) => [
      attribute.name,
      readText(attribute, chosen[index] ?? ''),
    ]),
  };
}

/** A text of the language that gives every attribute a wanted value. */
function chooseText(
  texts: Language,
  wanted: readonly WantedValue[],
): { readonly text: string } | 'unknown' | 'none' {
  const plain = wanted
    .filter(({ attribute }) => !attribute.hash)
    .reduce((left, { values }) => intersect(left, values), texts);
  if (isNothing(plain)) return 'none';
  const hashed = wanted.filter(({ attribute, values }) => attribute.hash && values !== ANY_TEXT);
  if (hashed.length === 0) {
    const text = shortestText(plain);
    return text === undefined ? 'none' : { text };
  }
  if (hashed.some(({ values }) => isNothing(intersect(HASHES, values)))) return 'none';
  const all = allTexts(plain, MAX_HASHED);
  if (all === undefined) return 'unknown';
  const text = all.find((one) =>
    hashed.every(({ attribute, values }) => includes(values, readText(attribute, one))),
  );
  return text === undefined ? 'none' : { text };
}

/** As `readAttribute` makes it, of a text that the attribute accepts. */
function readText({ hash }: AttributeRule, text: string): string {
  return hash ? hashOf(text) : text;
}

export function hashOf(text: string): string {
  return base32(createHash('sha256').update(text).digest());
}

/** What the hash of a text can be: exactly, if there are few texts. */
export function hashesOf(texts: Language): Language {
  const all = allTexts(texts, MAX_HASHED);
  if (all === undefined) return HASHES;
  return languageOf(all.map(hashOf));
}

function hashes(): Language {
  const language = languageOf(['a', 'q']);
  const digits = 51;
  const states = Array.from({ length: digits }, (_, at) => ({
    accepts: false,
    moves: [
      [0x32, 0x37, at + 1],
      [0x61, 0x7a, at + 1],
    ] as const,
  }));
  const end = language.states.map(({ accepts, moves }) => ({
    accepts,
    moves: moves.map(([from, to, next]) => [from, to, next + digits] as const),
  }));
  return { states: [...states, ...end] };
}
