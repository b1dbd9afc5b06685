/** Examples of the texts of a language, and how many there are. */
import type { Language, Range } from './language.ts';

/** One of the shortest texts, readable where it can be. Undefined: there is none. */
export function shortestText(language: Language): string | undefined {
  return shortestFrom(language, 0);
}

function shortestFrom({ states }: Language, start: number): string | undefined {
  const texts = new Map<number, string>(states[start] === undefined ? [] : [[start, '']]);
  // grows while it runs
  for (const [state, text] of texts) {
    if (states[state]?.accepts === true) return text;
    for (const [from, to, next] of states[state]?.moves ?? []) {
      const better = text + String.fromCharCode(readableUnit([from, to]));
      const known = texts.get(next);
      if (known === undefined || (known.length === better.length && isNicer(better, known))) {
        texts.set(next, better);
      }
    }
  }
  return undefined;
}

/** A text that hardly any other rule leads to: different for each number, and the same each time. */
export function mixedText(language: Language, seed: number): string | undefined {
  const { states } = language;
  let text = '';
  let state = 0;
  let mix = seed * 7919 + 17;
  for (let step = 0; step < MIXED_LENGTH; step++) {
    const moves = states[state]?.moves ?? [];
    mix = (mix * 48_271) % 2_147_483_647;
    const move = moves[mix % Math.max(1, moves.length)];
    if (move === undefined) break;
    const [from, to, next] = move;
    const readable = readableUnit([from, to]);
    const width = Math.min(to, 0x7e) - readable;
    text += String.fromCharCode(width > 0 ? readable + ((mix >> 8) % (width + 1)) : readable);
    state = next;
  }
  const end = shortestFrom(language, state);
  return end === undefined ? undefined : text + end;
}

const MIXED_LENGTH = 9;

/** All texts if there are at most `limit`, else undefined. */
export function allTexts(language: Language, limit: number): readonly string[] | undefined {
  if (countTexts(language, limit) > limit) return undefined;
  const { states } = language;
  const texts: string[] = [];
  const collect = (state: number, text: string): void => {
    if (states[state]?.accepts === true) texts.push(text);
    for (const [from, to, next] of states[state]?.moves ?? []) {
      for (let unit = from; unit <= to; unit++) collect(next, text + String.fromCharCode(unit));
    }
  };
  if (states.length > 0) collect(0, '');
  return texts;
}

/** How many texts there are; more than `limit` are not told apart. */
export function countTexts({ states }: Language, limit: number): number {
  const counts = new Map<number, number>();
  const open = new Set<number>();
  const count = (state: number): number => {
    const known = counts.get(state);
    if (known !== undefined) return known;
    // every state leads to one that accepts, so a cycle makes infinitely many texts
    if (open.has(state)) return limit + 1;
    open.add(state);
    let sum = states[state]?.accepts === true ? 1 : 0;
    for (const [from, to, next] of states[state]?.moves ?? []) {
      sum += (to - from + 1) * count(next);
      if (sum > limit) break;
    }
    open.delete(state);
    counts.set(state, Math.min(sum, limit + 1));
    return Math.min(sum, limit + 1);
  };
  return states.length === 0 ? 0 : count(0);
}

/** A letter, else a digit, else another character that is not `-`, which would look like nothing. */
function readableUnit([from, to]: Range): number {
  for (const [first, last] of [
    [0x61, 0x7a],
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x21, 0x7e],
  ] as const) {
    const unit = Math.max(from, first);
    if (unit <= to && unit <= last) return unit;
  }
  return from;
}

function isNicer(text: string, other: string): boolean {
  const rank = (one: string) => Array.from(one, (sign) => (/[a-z]/.test(sign) ? 0 : 1)).join('');
  return rank(text) < rank(other);
}
