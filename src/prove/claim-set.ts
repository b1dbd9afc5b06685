/** Sets of values that one claim can have, and how conditions and attributes narrow them. */
import type { ClaimValue, Condition } from '../config/config.ts';
import { isExactNumber } from '../grants/conditions.ts';
import {
  ANY_TEXT,
  includes,
  intersect,
  isNothing,
  type Language,
  languageOf,
  languageOfPrefix,
} from './language.ts';
import { shortestText } from './language-texts.ts';

/** The values of one claim, by their types. The members that are absent have no values. */
export interface ClaimSet {
  readonly isAbsent?: true;
  readonly isNull?: true;
  readonly isObject?: true;
  readonly booleans?: readonly boolean[];
  readonly numbers?: 'any' | readonly number[];
  readonly strings?: Language;
  readonly arrays?: ArraySet;
}

/** The length limit of arrays (1,000) is left out: it could only make the set smaller. */
export interface ArraySet {
  /** What each element must be. Absent: anything. */
  readonly items?: Language;
  /** Each must be among the elements. */
  readonly required: readonly ClaimValue[];
  /** At least one of each list must be among the elements. Absent: no such rule. */
  readonly some?: readonly (readonly string[])[];
  readonly isNotEmpty?: true;
}

export const ANYTHING: ClaimSet = {
  isAbsent: true,
  isNull: true,
  isObject: true,
  booleans: [true, false],
  numbers: 'any',
  strings: ANY_TEXT,
  arrays: { required: [] },
};

/** The values of the set for which the condition holds. */
export function meeting(set: ClaimSet, condition: Condition): ClaimSet {
  switch (condition.operator) {
    case 'equals':
      return oneOf(set, [condition.value]);
    case 'in':
      return oneOf(set, condition.values);
    case 'contains':
      return isComparable(condition.value) ? { arrays: requiring(set, condition.value) } : {};
    case 'startsWith':
      return { strings: stringsIn(set, languageOfPrefix(condition.value)) };
    case 'exists': {
      const { isAbsent, isNull: _isNull, ...present } = set;
      if (condition.value) return present;
      return isAbsent === true ? { isAbsent } : {};
    }
  }
}

function oneOf(set: ClaimSet, values: readonly ClaimValue[]): ClaimSet {
  const { booleans = [], numbers = [] } = set;
  return {
    booleans: booleans.filter((one) => values.includes(one)),
    numbers: values
      .filter(
        (one) =>
          typeof one === 'number' &&
          isExactNumber(one) &&
          (numbers === 'any' || numbers.includes(one)),
      )
      .filter((one) => typeof one === 'number'),
    strings: stringsIn(set, languageOf(values.filter((one) => typeof one === 'string'))),
  };
}

const isComparable = (value: ClaimValue) => typeof value !== 'number' || isExactNumber(value);

function stringsIn({ strings }: ClaimSet, language: Language): Language {
  return strings === undefined ? { states: [] } : intersect(strings, language);
}

const NO_ARRAY: ArraySet = { items: { states: [] }, required: [], isNotEmpty: true };

function requiring({ arrays }: ClaimSet, value: ClaimValue): ArraySet {
  return arrays === undefined
    ? NO_ARRAY
    : { ...arrays, required: [...new Set([...arrays.required, value])] };
}

/** The values that an attribute accepts: a text of the language, or a list of some. */
export function readable(
  { strings, arrays }: ClaimSet,
  language: Language,
  both: (left: Language, right: Language) => Language,
): ClaimSet {
  const { items = ANY_TEXT, ...others } = arrays ?? NO_ARRAY;
  return {
    ...(strings === undefined ? {} : { strings: both(strings, language) }),
    ...(arrays === undefined
      ? {}
      : { arrays: { ...others, items: both(items, language), isNotEmpty: true } }),
  };
}

/** A value of the set; `absent` for a claim that is not there. */
export type Pick = { readonly value: unknown } | 'absent';

/** The simplest value of the set that is no object. Undefined: there is none. */
export function pickFrom(set: ClaimSet): Pick | undefined {
  if (set.isAbsent === true) return 'absent';
  const text = set.strings === undefined ? undefined : shortestText(set.strings);
  if (text !== undefined) return { value: text };
  const list = set.arrays === undefined ? undefined : pickArray(set.arrays, []);
  if (list !== undefined) return { value: list };
  const number = set.numbers === 'any' ? 1 : set.numbers?.[0];
  if (number !== undefined) return { value: number };
  const boolean = set.booleans?.[0];
  if (boolean !== undefined) return { value: boolean };
  return set.isNull === true ? { value: null } : undefined;
}

/** A list of the set with these elements too, which must be allowed. Undefined: there is none. */
export function pickArray(
  { items, required, some, isNotEmpty }: ArraySet,
  wanted: readonly string[],
): readonly unknown[] | undefined {
  if (!required.every((one) => isItem(items, one))) return undefined;
  const elements: ClaimValue[] = [...new Set([...required, ...wanted])];
  for (const texts of some ?? []) {
    if (texts.some((one) => elements.includes(one))) continue;
    const one = texts.find((text) => isItem(items, text));
    if (one === undefined) return undefined;
    elements.push(one);
  }
  if (elements.length > 0 || isNotEmpty !== true) return elements;
  const text = items === undefined ? 'a' : shortestText(items);
  return text === undefined ? undefined : [text];
}

export function isItem(items: Language | undefined, value: unknown): boolean {
  return items === undefined || (typeof value === 'string' && includes(items, value));
}

/** Whether the set has a list. */
export function arraysOf({ arrays }: ClaimSet): ArraySet | undefined {
  return arrays === undefined || pickArray(arrays, []) === undefined ? undefined : arrays;
}

/** The texts of the set, none if the claim cannot be a text. */
export function textsOf({ strings }: ClaimSet): Language {
  return strings ?? { states: [] };
}

export function hasTexts({ strings }: ClaimSet): boolean {
  return strings !== undefined && !isNothing(strings);
}
