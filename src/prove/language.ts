/** Regular languages over UTF-16 code units, as deterministic automata: what a value or a key can be. */

/** Code units from the first to the second lead to the state with this number. */
type Move = readonly [from: number, to: number, next: number];

interface State {
  readonly accepts: boolean;
  /** In order, and disjoint. Every other code unit leads nowhere. */
  readonly moves: readonly Move[];
}

/** The first state is the start. Each state leads to one that accepts; no states: no texts. */
export interface Language {
  readonly states: readonly State[];
}

export type Range = readonly [from: number, to: number];

const LAST_UNIT = 0xffff;

/** Every text, the empty one too. */
export const ANY_TEXT: Language = { states: [{ accepts: true, moves: [[0, LAST_UNIT, 0]] }] };

/**
 * Builds a language from a step function. The ranges must be disjoint; within one, all code units lead to the same state.
 */
export function buildLanguage<Place>(options: {
  readonly start: Place;
  readonly ranges: (place: Place) => readonly Range[];
  readonly step: (place: Place, unit: number) => Place | undefined;
  readonly accepts: (place: Place) => boolean;
  /** Tells the places apart. */
  readonly keyOf?: (place: Place) => string | number;
}): Language {
  const { start, ranges, step, accepts, keyOf = JSON.stringify } = options;
  const numbers = new Map<string | number, number>();
  const places: Place[] = [];
  const numberOf = (place: Place): number => {
    const key = keyOf(place);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, places.length);
    places.push(place);
    return places.length - 1;
  };
  numberOf(start);
  const states: State[] = [];
  // grows while it runs
  for (const place of places) {
    const moves = ranges(place).flatMap(([from, to]): Move[] => {
      const next = step(place, from);
      return next === undefined ? [] : [[from, to, numberOf(next)]];
    });
    states.push({ accepts: accepts(place), moves: moves.sort((a, b) => a[0] - b[0]) });
  }
  return trim(states);
}

/** The texts of a list, and no others. One state for each beginning of a text. */
export function languageOf(texts: readonly string[]): Language {
  // of code units, so that texts with the same beginning are neighbours
  const sorted = [...new Set(texts)].sort();
  return buildLanguage<Beginning>({
    start: { first: 0, end: sorted.length, length: 0 },
    keyOf: ({ first, length }) => `${first},${length}`,
    ranges: ({ first, end, length }) => {
      const units = new Set<number>();
      for (let at = first; at < end; at++) {
        const unit = sorted[at]?.charCodeAt(length) ?? Number.NaN;
        if (!Number.isNaN(unit)) units.add(unit);
      }
      return [...units].map((unit): Range => [unit, unit]);
    },
    step: ({ first, end, length }, unit) => {
      const isNext = (at: number) => sorted[at]?.charCodeAt(length) === unit;
      let from = first;
      while (from < end && !isNext(from)) from++;
      let to = from;
      while (to < end && isNext(to)) to++;
      return { first: from, end: to, length: length + 1 };
    },
    accepts: ({ first, end, length }) => first < end && sorted[first]?.length === length,
  });
}

/** What some texts of a sorted list begin with. */
interface Beginning {
  readonly first: number;
  /** Not among them. */
  readonly end: number;
  readonly length: number;
}

/** Every text that begins with the prefix. */
export function languageOfPrefix(prefix: string): Language {
  return buildLanguage<number>({
    start: 0,
    ranges: (at) => {
      const unit = prefix.charCodeAt(at);
      return at < prefix.length ? [[unit, unit]] : [[0, LAST_UNIT]];
    },
    step: (at) => Math.min(at + 1, prefix.length),
    accepts: (at) => at === prefix.length,
  });
}

/** The texts of both. */
export function intersect(left: Language, right: Language): Language {
  if (left === right || right === ANY_TEXT) return left;
  return left === ANY_TEXT ? right : combine(left, right, true);
}

/** The texts of the first that are not in the second. */
export function subtract(left: Language, right: Language): Language {
  return combine(left, right, false);
}

const NOWHERE = -1;

function combine(left: Language, right: Language, isInBoth: boolean): Language {
  if (isNothing(left)) return left;
  const startRight = isNothing(right) ? NOWHERE : 0;
  const find = ({ states }: Language, state: number, unit: number) =>
    states[state]?.moves.find(([from, to]) => from <= unit && unit <= to)?.[2] ?? NOWHERE;
  const width = right.states.length + 1;
  return buildLanguage<Range>({
    start: [0, startRight],
    keyOf: ([one, other]) => one * width + other + 1,
    ranges: ([one, other]) =>
      (left.states[one]?.moves ?? []).flatMap(([from, to]) =>
        cut(from, to, right.states[other]?.moves ?? []),
      ),
    step: ([one, other], unit) => {
      const next = find(right, other, unit);
      return isInBoth && next === NOWHERE ? undefined : [find(left, one, unit), next];
    },
    accepts: ([one, other]) =>
      left.states[one]?.accepts === true && (right.states[other]?.accepts === true) === isInBoth,
  });
}

/** Cuts a range where the moves of another state begin and end. */
function cut(from: number, to: number, moves: readonly Move[]): readonly Range[] {
  const starts = new Set([from]);
  for (const [first, last] of moves) {
    if (first > from && first <= to) starts.add(first);
    if (last + 1 > from && last + 1 <= to) starts.add(last + 1);
  }
  const sorted = [...starts].sort((a, b) => a - b);
  return sorted.map((start, index) => [start, (sorted[index + 1] ?? to + 1) - 1]);
}

/** Leaves out the states from which no text is accepted. */
function trim(states: readonly State[]): Language {
  const before = new Map<number, number[]>();
  for (const [state, { moves }] of states.entries()) {
    for (const [, , next] of moves) {
      const known = before.get(next);
      if (known === undefined) before.set(next, [state]);
      else known.push(state);
    }
  }
  const live = new Set(states.flatMap(({ accepts }, state) => (accepts ? state : [])));
  for (const state of live) for (const earlier of before.get(state) ?? []) live.add(earlier);
  if (!live.has(0)) return { states: [] };
  if (live.size === states.length) return { states };
  const numbers = new Map([...live].sort((a, b) => a - b).map((state, index) => [state, index]));
  return {
    states: states.flatMap(({ accepts, moves }, state) =>
      !numbers.has(state)
        ? []
        : {
            accepts,
            moves: moves.flatMap(([from, to, next]): Move[] => {
              const number = numbers.get(next);
              return number === undefined ? [] : [[from, to, number]];
            }),
          },
    ),
  };
}

export function isNothing(language: Language): boolean {
  return language.states.length === 0;
}

/** Whether the text is in the language. */
export function includes({ states }: Language, text: string): boolean {
  let state = states[0];
  for (let at = 0; at < text.length && state !== undefined; at++) {
    const unit = text.charCodeAt(at);
    const move = state.moves.find(([from, to]) => from <= unit && unit <= to);
    state = move === undefined ? undefined : states[move[2]];
  }
  return state?.accepts === true;
}

/** Where `after` is read from each state; the texts that `before` and `after` make texts of the language. */
export function between(language: Language, before: string, after: string): Language {
  if (before === '' && after === '') return language;
  const affixed = buildLanguage<number>({
    start: walk(language, 0, before),
    ranges: (state) => (language.states[state]?.moves ?? []).map(([from, to]): Range => [from, to]),
    step: (state, unit) => walk(language, state, String.fromCharCode(unit)),
    accepts: (state) => language.states[walk(language, state, after)]?.accepts === true,
  });
  return affixed;
}

function walk({ states }: Language, from: number, text: string): number {
  let state = from;
  for (let at = 0; at < text.length && state !== NOWHERE; at++) {
    const unit = text.charCodeAt(at);
    const move = states[state]?.moves.find(([first, last]) => first <= unit && unit <= last);
    state = move?.[2] ?? NOWHERE;
  }
  return state;
}
