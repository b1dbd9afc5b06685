/** Claims that tell two sets of targets apart, if any claims do. */
import type { ClaimPath } from '../config/config.ts';
import type { Claims } from '../ports.ts';
import { arraysOf, pickArray, textsOf } from './claim-set.ts';
import { type ClaimSpace, claimsIn, pathKey, setOf } from './claim-space.ts';
import { ANY_TEXT, type Language, languageOf, subtract } from './language.ts';
import { allTexts, mixedText, shortestText } from './language-texts.ts';

/** A grant has fewer literals than this, since its session policy is short: more values cannot all be among them. */
const MAX_LISTED = 128;
/** More are only tried one claim at a time. */
const MAX_CASES = 1000;

/**
 * Lists claims of the space for a comparison of targets that are made from these claims. If targets
 * lie outside others for any claims of the space, they do for one of these: for texts that are few,
 * all are listed; of many, some that equal none of the `literals`, so that only targets made from the
 * same claim in the same way can agree. A list of several texts is needed only where one claim fills
 * several places, and each further text gives the other targets more too.
 */
export function claimCases(
  space: ClaimSpace,
  paths: readonly ClaimPath[],
  literals: readonly string[],
): readonly Claims[] {
  const choices = paths.map((path, index) => ({
    key: pathKey(path),
    values: valuesOf(space, path, literals, index),
  }));
  const count = choices.reduce((product, { values }) => product * Math.max(1, values.length), 1);
  const combinations = count > MAX_CASES ? oneAtATime(choices) : allCombinations(choices);
  return combinations.map((fixed) => claimsIn(space, fixed)).filter((one) => one !== undefined);
}

interface Choices {
  readonly key: string;
  readonly values: readonly unknown[];
}

type Combination = ReadonlyMap<string, unknown>;

function allCombinations(choices: readonly Choices[]): readonly Combination[] {
  return choices.reduce<readonly Combination[]>(
    (known, { key, values }) =>
      known.flatMap((one) => values.map((value) => new Map([...one, [key, value]]))),
    [new Map()],
  );
}

function oneAtATime(choices: readonly Choices[]): readonly Combination[] {
  const first = new Map(choices.map(({ key, values }) => [key, values[0]]));
  return choices.flatMap(({ key, values }) =>
    values.map((value) => new Map([...first, [key, value]])),
  );
}

function valuesOf(
  space: ClaimSpace,
  path: ClaimPath,
  literals: readonly string[],
  index: number,
): readonly unknown[] {
  const set = setOf(space, path);
  const texts = tellingTexts(textsOf(set), literals, index);
  const arrays = arraysOf(set);
  if (arrays === undefined) return texts;
  const items = tellingTexts(arrays.items ?? ANY_TEXT, literals, index);
  const lists = [
    [],
    ...items.map((one) => [one]),
    ...items.slice(0, 8).flatMap((one, at) => items.slice(at + 1, 8).map((other) => [one, other])),
  ].flatMap((elements) => {
    const list = pickArray(arrays, elements);
    return list === undefined ? [] : [list];
  });
  return [...texts, ...lists];
}

function tellingTexts(
  language: Language,
  literals: readonly string[],
  index: number,
): readonly string[] {
  const all = allTexts(language, MAX_LISTED);
  if (all !== undefined) return all;
  const others = subtract(language, languageOf(literals));
  const texts = [0, 1, 2].map((step) => mixedText(others, index * 3 + step));
  return [...new Set([shortestText(others), ...texts].filter((text) => text !== undefined))];
}
