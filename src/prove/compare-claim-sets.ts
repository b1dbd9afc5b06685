/** What two sets of values of a claim share, and what one has that the other has not. */
import type { ClaimValue } from '../config/config.ts';
import { type ArraySet, type ClaimSet, isItem, type Pick, pickArray } from './claim-set.ts';
import { ANY_TEXT, includes, intersect, type Language, languageOf, subtract } from './language.ts';
import { shortestText } from './language-texts.ts';

/** The values of both sets. */
export function shared(left: ClaimSet, right: ClaimSet): ClaimSet {
  const { numbers = [] } = left;
  const others = right.numbers ?? [];
  const arrays = sharedArrays(left.arrays, right.arrays);
  return {
    ...(left.isAbsent === true && right.isAbsent === true ? { isAbsent: true } : {}),
    ...(left.isNull === true && right.isNull === true ? { isNull: true } : {}),
    ...(left.isObject === true && right.isObject === true ? { isObject: true } : {}),
    booleans: (left.booleans ?? []).filter((one) => right.booleans?.includes(one) === true),
    numbers:
      numbers === 'any'
        ? others
        : numbers.filter((one) => others === 'any' || others.includes(one)),
    ...(left.strings === undefined || right.strings === undefined
      ? {}
      : { strings: intersect(left.strings, right.strings) }),
    ...(arrays === undefined ? {} : { arrays }),
  };
}

function sharedArrays(
  left: ArraySet | undefined,
  right: ArraySet | undefined,
): ArraySet | undefined {
  if (left === undefined || right === undefined) return undefined;
  const items = [left.items, right.items].filter((one) => one !== undefined);
  return {
    required: [...new Set([...left.required, ...right.required])],
    some: [...(left.some ?? []), ...(right.some ?? [])],
    ...(items.length === 0 ? {} : { items: items.reduce(intersect) }),
    ...(left.isNotEmpty === true || right.isNotEmpty === true ? { isNotEmpty: true } : {}),
  };
}

/** Values of the first set that are not in the second, one of each kind that there is. None: it has none. */
export function valuesOnlyIn(set: ClaimSet, other: ClaimSet): readonly Pick[] {
  const { strings, arrays } = set;
  const text = strings === undefined ? undefined : shortestText(minus(strings, other.strings));
  const candidates: readonly unknown[] = [
    ...(text === undefined ? [] : [text]),
    ...(arrays === undefined ? [] : candidateArrays(arrays, other.arrays)),
    ...candidateNumbers(set, other),
    true,
    false,
    null,
    {},
  ];
  const picks: readonly Pick[] = ['absent', ...candidates.map((value) => ({ value }))];
  return picks.filter((pick) => hasValue(set, pick) && !hasValue(other, pick));
}

function minus(language: Language, other: Language | undefined): Language {
  return other === undefined ? language : subtract(language, other);
}

function candidateNumbers({ numbers }: ClaimSet, other: ClaimSet): readonly number[] {
  if (numbers !== 'any') return numbers ?? [];
  const taken = other.numbers === 'any' ? [] : (other.numbers ?? []);
  return [taken.reduce((most, one) => Math.max(most, one), 0) + 1];
}

/** A list without something that the other requires, or with something that it does not allow. */
function candidateArrays(set: ArraySet, other: ArraySet | undefined): readonly unknown[] {
  const items = set.items ?? ANY_TEXT;
  const lacking = [...(other?.required.map((one) => [one]) ?? []), ...(other?.some ?? [])].map(
    (values) => pickArray({ ...set, items: withoutValues(items, values) }, []),
  );
  const alien = other?.items === undefined ? undefined : shortestText(subtract(items, other.items));
  const plain = pickArray(set, []);
  return [
    plain,
    ...lacking,
    ...(alien === undefined ? [] : [pickArray(set, [alien])]),
    ...(set.items === undefined ? [[...(plain ?? []), 7]] : []),
    // what is required need not be text
    ...(set.items === undefined && lacking.length > 0
      ? [[...set.required], [...set.required, 0.5]]
      : []),
  ].filter((one) => one !== undefined);
}

function withoutValues(items: Language, values: readonly ClaimValue[]): Language {
  return subtract(items, languageOf(values.filter((one) => typeof one === 'string')));
}

/** Whether the set has the value. */
export function hasValue(set: ClaimSet, pick: Pick): boolean {
  if (pick === 'absent') return set.isAbsent === true;
  const { value } = pick;
  if (value === null) return set.isNull === true;
  if (Array.isArray(value)) return set.arrays !== undefined && hasArray(set.arrays, value);
  switch (typeof value) {
    case 'string':
      return set.strings !== undefined && includes(set.strings, value);
    case 'number':
      return set.numbers === 'any' || set.numbers?.includes(value) === true;
    case 'boolean':
      return set.booleans?.includes(value) === true;
    default:
      return set.isObject === true;
  }
}

function hasArray(
  { items, required, some, isNotEmpty }: ArraySet,
  value: readonly unknown[],
): boolean {
  return (
    (value.length > 0 || isNotEmpty !== true) &&
    value.every((one) => isItem(items, one)) &&
    required.every((one) => value.includes(one)) &&
    (some ?? []).every((texts) => texts.some((one) => value.includes(one)))
  );
}
