/** The values that each grammar of an attribute accepts, as a language: exactly those of `fitsGrammar`. */
import type { Grammar } from '../config/config.ts';
import { keyProblem } from '../grants/target.ts';
import { buildLanguage, intersect, type Language, type Range } from './language.ts';

/** Where a reader of a value is: in which part, and after how many code units. */
type Place = readonly [part: string, length: number];

/** Computes languages that many grants share, each once. */
export interface Languages {
  readonly ofGrammar: (grammar: Grammar) => Language;
  /** What is computed must follow from the key. */
  readonly once: (key: string, compute: () => Language) => Language;
  readonly both: (left: Language, right: Language) => Language;
}

export function createLanguages(): Languages {
  const byKey = new Map<string, Language>();
  const ofBoth = new WeakMap<Language, WeakMap<Language, Language>>();
  const once = (key: string, compute: () => Language): Language => {
    const language = byKey.get(key) ?? compute();
    byKey.set(key, language);
    return language;
  };
  return {
    once,
    ofGrammar: (grammar) => once(JSON.stringify(grammar), () => buildGrammar(grammar)),
    both(left, right) {
      const known = ofBoth.get(left) ?? new WeakMap<Language, Language>();
      ofBoth.set(left, known);
      const language = known.get(right) ?? intersect(left, right);
      known.set(right, language);
      return language;
    },
  };
}

function buildGrammar(grammar: Grammar): Language {
  const characters = charactersOf(grammar);
  const units = [...characters].map((character) => character.charCodeAt(0));
  const step = stepOf(grammar);
  return buildLanguage<Place>({
    start: ['', 0],
    ranges: ([part]) => toRanges(units, (unit) => step(part, String.fromCharCode(unit))),
    step: ([part, length], unit) => {
      const next = step(part, String.fromCharCode(unit));
      return next === undefined || length >= grammar.maxLength ? undefined : [next, length + 1];
    },
    accepts: ([part, length]) => length > 0 && accepts(grammar, part),
  });
}

/** A custom grammar keeps what is safe in a key. Grammars have only ASCII: the config accepts no other characters. */
function charactersOf(grammar: Grammar): readonly string[] {
  const all = Array.from({ length: 0x7f }, (_, code) => String.fromCharCode(code));
  const isLetter = (character: string) => /[A-Za-z0-9]/.test(character);
  switch (grammar.kind) {
    case 'name':
      return all.filter((one) => isLetter(one) || '._@-'.includes(one));
    case 'subject':
      return all.filter((one) => isLetter(one) || '._@|:-'.includes(one));
    case 'uuid':
      return all.filter((one) => /[0-9a-fA-F-]/.test(one));
    case 'email':
      return all.filter((one) => isLetter(one) || '._+-@'.includes(one));
    case 'path':
      return all.filter((one) => isLetter(one) || '._@-/'.includes(one));
    case 'custom':
      return all.filter((one) => one !== '/' && isSafe(one) && isListed(one, grammar.characters));
  }
}

/** Beside a letter, so that a lone `.` is no segment. */
const isSafe = (character: string) => keyProblem(`a${character}`) === undefined;

/** The same reading of ranges as `fitsGrammar`. */
function isListed(character: string, characters: string): boolean {
  for (let at = 0; at < characters.length; ) {
    const from = characters.charAt(at);
    const isRange = characters.charAt(at + 1) === '-' && at + 2 < characters.length;
    const to = isRange ? characters.charAt(at + 2) : from;
    if (character >= from && character <= to) return true;
    at += isRange ? 3 : 1;
  }
  return false;
}

/** From one part of a value to the next with one more character. Undefined: no value goes on so. */
function stepOf(grammar: Grammar): (part: string, character: string) => string | undefined {
  switch (grammar.kind) {
    case 'email':
      return emailStep;
    case 'uuid':
      return (part, character) =>
        part.length < 36 && (character === '-') === [8, 13, 18, 23].includes(part.length)
          ? `${part}x`
          : undefined;
    default:
      return segmentStep;
  }
}

/** The part is `.` or `..` while the segment is; `a` otherwise. */
function segmentStep(part: string, character: string): string | undefined {
  if (character === '/') return part === 'a' ? '' : undefined;
  return character === '.' && part !== 'a' ? (`${part}.` === '...' ? 'a' : `${part}.`) : 'a';
}

/** The local part `l`, `@`, the first label `f`, `.`, and a later label `d`. */
function emailStep(part: string, character: string): string | undefined {
  if (part === '' || part === 'l') {
    return character === '@' ? (part === 'l' ? '@' : undefined) : 'l';
  }
  if (character === '.') return part === 'f' || part === 'd' ? '.' : undefined;
  if (character === '@' || character === '_' || character === '+') return undefined;
  return part === '@' || part === 'f' ? 'f' : 'd';
}

function accepts({ kind }: Grammar, part: string): boolean {
  if (kind === 'email') return part === 'd';
  if (kind === 'uuid') return part.length === 36;
  return part === 'a';
}

/** Joins neighbours that lead to the same part. */
function toRanges(
  units: readonly number[],
  partOf: (unit: number) => string | undefined,
): readonly Range[] {
  const ranges: [number, number][] = [];
  let lastPart: string | undefined;
  for (const unit of units) {
    const part = partOf(unit);
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === unit - 1 && part === lastPart) last[1] = unit;
    else ranges.push([unit, unit]);
    lastPart = part;
  }
  return ranges;
}
