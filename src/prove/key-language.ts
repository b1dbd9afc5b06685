/** The keys of all objects that a family of targets can hold, as one language. */
import type { AttributeRule } from '../config/config.ts';
import { hashesOf } from './choose-claims.ts';
import { arraysOf, hasTexts, textsOf } from './claim-set.ts';
import { type ClaimSpace, setOf } from './claim-space.ts';
import type { Family } from './grant-reach.ts';
import { ANY_TEXT, buildLanguage, type Language, languageOf, type Range } from './language.ts';

/**
 * Each key that some member of the family contains. Too many where one claim fills several places:
 * the places are taken as if they were independent.
 */
export function keysOf(space: ClaimSpace, { segments, isPrefix }: Family): Language {
  const pieces = segments.flatMap(({ before, attribute, after }, index): readonly Language[] => [
    languageOf([index === 0 ? before : `/${before}`]),
    ...(attribute === undefined ? [] : [valuesOf(space, attribute), languageOf([after])]),
  ]);
  if (!isPrefix) return concatenate(pieces);
  return concatenate([...pieces, languageOf([segments.length === 0 ? '' : '/']), ANY_TEXT]);
}

/** All values that the attribute can have. */
export function valuesOf(space: ClaimSpace, attribute: AttributeRule): Language {
  const set = setOf(space, attribute.claim);
  const texts = hasTexts(set) ? textsOf(set) : (arraysOf(set)?.items ?? textsOf(set));
  return attribute.hash ? hashesOf(texts) : texts;
}

/** In which language, and in which of its states. */
type Position = readonly [piece: number, state: number];

/** The texts that are one of each language, one after the other. */
function concatenate(pieces: readonly Language[]): Language {
  const movesOf = ([piece, state]: Position) => pieces[piece]?.states[state]?.moves ?? [];

  /** Where one language may end, the next may begin. */
  function withNext(positions: readonly Position[]): readonly Position[] {
    const all = new Map(positions.map((one) => [one.join(), one]));
    // grows while it runs
    for (const [piece, state] of all.values()) {
      const isEnd = pieces[piece]?.states[state]?.accepts === true;
      const next: Position = [piece + 1, 0];
      if (isEnd && piece + 1 < pieces.length && pieces[piece + 1]?.states.length !== 0) {
        all.set(next.join(), next);
      }
    }
    return [...all.values()].sort(([a, b], [c, d]) => a - c || b - d);
  }

  return buildLanguage<readonly Position[]>({
    start: withNext(pieces[0]?.states.length === 0 ? [] : [[0, 0]]),
    ranges: (positions) => disjoint(positions.flatMap(movesOf)),
    step: (positions, unit) =>
      withNext(
        positions.flatMap((position): readonly Position[] =>
          movesOf(position)
            .filter(([from, to]) => from <= unit && unit <= to)
            .map(([, , next]) => [position[0], next]),
        ),
      ),
    accepts: (positions) =>
      pieces.length === 0 ||
      positions.some(
        ([piece, state]) =>
          piece === pieces.length - 1 && pieces[piece]?.states[state]?.accepts === true,
      ),
  });
}

/** Cuts ranges that overlap, so that all code units of one are in the same ranges. */
function disjoint(ranges: readonly (readonly [number, number, ...unknown[]])[]): readonly Range[] {
  const starts = new Set(ranges.flatMap(([from, to]) => [from, to + 1]));
  const sorted = [...starts].sort((a, b) => a - b);
  return sorted.flatMap((start, index): readonly Range[] => {
    const end = (sorted[index + 1] ?? start) - 1;
    return ranges.some(([from, to]) => from <= start && end <= to && start <= end)
      ? [[start, end]]
      : [];
  });
}
