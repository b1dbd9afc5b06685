/** Claims that tell two sets of targets apart, if any claims do. */
import type { ClaimPath } from '../config/config.ts';
import type { Claims } from '../ports.ts';
import { hashOf } from './choose-claims.ts';
import { type ArraySet, arraysOf, type ClaimSet, pickArray, textsOf } from './claim-set.ts';
import { type ClaimSpace, claimsIn, pathKey, setOf } from './claim-space.ts';
import { ANY_TEXT, type Language, languageOf, subtract } from './language.ts';
import { allTexts, mixedText, shortestText } from './language-texts.ts';

/** A grant has fewer literals than this, since its session policy is short: more values cannot all be among them. */
const MAX_LISTED = 128;
/** Beyond this, fewer values of each claim are combined. */
const MAX_FULL_CASES = 1000;
/** The broker's own code checks each case: this many take some seconds. */
const MAX_CASES = 20_000;

/**
 * Lists claims for comparing targets that are made from them. If some target can lie outside the
 * others, it does so for one of the listed claims. Few texts are all listed. Of many, only some that
 * equal none of the `literals` are listed, since these behave alike. Lists of several texts are needed
 * only where one claim fills several places. Returns undefined if there are too many cases.
 */
export function claimCases(
  space: ClaimSpace,
  paths: readonly ClaimPath[],
  literals: readonly string[],
): readonly Claims[] | undefined {
  const listed = (values: (at: Place) => readonly unknown[]) =>
    paths.map((path, index): Choices => {
      const set = setOf(space, path);
      return { key: pathKey(path), values: values({ set, literals, index, count: paths.length }) };
    });
  const full = listed(valuesOf);
  const choices = countOf(full) > MAX_FULL_CASES ? listed(fewValuesOf) : full;
  if (countOf(choices) > MAX_CASES) return undefined;
  return allCombinations(choices)
    .map((fixed) => claimsIn(space, fixed))
    .filter((one) => one !== undefined);
}

interface Choices {
  readonly key: string;
  readonly values: readonly unknown[];
}

/** One claim among all that are combined. */
interface Place {
  readonly set: ClaimSet;
  readonly literals: readonly string[];
  readonly index: number;
  readonly count: number;
}

type Combination = ReadonlyMap<string, unknown>;

function countOf(choices: readonly Choices[]): number {
  return choices.reduce((product, { values }) => product * Math.max(1, values.length), 1);
}

function allCombinations(choices: readonly Choices[]): readonly Combination[] {
  return choices.reduce<readonly Combination[]>(
    (known, { key, values }) =>
      known.flatMap((one) => values.map((value) => new Map([...one, [key, value]]))),
    [new Map()],
  );
}

function valuesOf(place: Place): readonly unknown[] {
  const { set } = place;
  const texts = tellingTexts(textsOf(set), place);
  const arrays = arraysOf(set);
  return arrays === undefined
    ? texts
    : [...texts, ...listsOf(arrays, tellingTexts(arrays.items ?? ANY_TEXT, place))];
}

/**
 * A text and lists that stand for all others, if some equal no literal: what is inside of the other
 * targets for such values is so for all. Else all that `valuesOf` lists.
 */
function fewValuesOf(place: Place): readonly unknown[] {
  const { set } = place;
  const arrays = arraysOf(set);
  const texts = plainTexts(textsOf(set), place);
  const items = arrays === undefined ? [] : plainTexts(arrays.items ?? ANY_TEXT, place);
  if (texts === undefined || items === undefined) return valuesOf(place);
  return [
    ...texts.slice(0, 1),
    ...(arrays === undefined ? [] : listsOf(arrays, items).slice(1).slice(-2)),
  ];
}

/** Lists with none, one or two of the texts. */
function listsOf(arrays: ArraySet, texts: readonly string[]): readonly unknown[] {
  return [
    [],
    ...texts.map((one) => [one]),
    ...texts.slice(0, 8).flatMap((one, at) => texts.slice(at + 1, 8).map((other) => [one, other])),
  ].flatMap((elements) => {
    const list = pickArray(arrays, elements);
    return list === undefined ? [] : [list];
  });
}

function tellingTexts(language: Language, place: Place): readonly string[] {
  const all = allTexts(language, MAX_LISTED);
  if (all !== undefined) return all;
  const others = subtract(language, languageOf(place.literals));
  const shortest = shortestText(others);
  return [
    ...new Set([...(shortest === undefined ? [] : [shortest]), ...mixedTexts(others, place)]),
  ];
}

/** Two texts that no literal equals, and that are others for each claim. Undefined: there are too few. */
function plainTexts(language: Language, place: Place): readonly string[] | undefined {
  const { literals, index, count } = place;
  const all = allTexts(language, MAX_LISTED);
  if (all === undefined) {
    return mixedTexts(subtract(language, languageOf(literals)), place).slice(0, 2);
  }
  const plain = all.filter((text) => !literals.includes(text) && !literals.includes(hashOf(text)));
  if (all.length > 0 && plain.length < Math.max(2, count)) return undefined;
  return [...plain.slice(index), ...plain.slice(0, index)].slice(0, 2);
}

function mixedTexts(language: Language, { index }: Place): readonly string[] {
  const texts = [0, 1, 2].map((step) => mixedText(language, index * 3 + step));
  return [...new Set(texts.filter((text) => text !== undefined))];
}
