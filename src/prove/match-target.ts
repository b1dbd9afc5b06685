/** Compares a family of targets with one target: for which values of its attributes they share a place. */
import type { Target } from '../ports.ts';
import { type Family, isTail, type Segment } from './grant-reach.ts';
import { type Language, languageOf, languageOfPrefix } from './language.ts';

/** One way in which a member of the family and the target share a place. */
export interface Meeting {
  /** True: the member contains all of the target. False: it lies within. */
  readonly coversAll: boolean;
  /** What an attribute must be, once for each place that it has in the target. The others are free. */
  readonly values: readonly (readonly [segment: Segment, values: Language])[];
}

/** All ways there are. Attributes have no `/`, except in the last segment, so segments face segments. */
export function meetings(family: Family, target: Target): readonly Meeting[] {
  const { segments, isPrefix, template } = family;
  if (template.bucket !== target.bucket) return [];
  const asked = toAsked(target);
  const last = segments.at(-1);
  if (last === undefined || !isTail(last)) return meetingsOf(segments, isPrefix, asked);

  const fixed = segments.slice(0, -1);
  const rest = asked.segments.slice(fixed.length);
  const bound = bind(fixed, asked.segments);
  if (bound === undefined) return [];
  if (asked.segments.length < fixed.length || (rest.length === 0 && asked.isPrefix)) {
    return asked.isPrefix ? [{ coversAll: false, values: bound }] : [];
  }
  // a longer beginning of what is asked for is another value of the path
  const covering = rest.flatMap((_segment, index): Meeting[] => {
    const isAll = index === rest.length - 1;
    const fits = isPrefix ? !isAll || asked.isPrefix : isAll && !asked.isPrefix;
    if (!fits) return [];
    const path = languageOf([rest.slice(0, index + 1).join('/')]);
    return [{ coversAll: true, values: [...bound, [last, path]] }];
  });
  if (!asked.isPrefix) return covering;
  const below = languageOfPrefix(`${rest.join('/')}/`);
  return [...covering, { coversAll: false, values: [...bound, [last, below]] }];
}

interface AskedTarget {
  readonly segments: readonly string[];
  readonly isPrefix: boolean;
}

function toAsked({ key }: Target): AskedTarget {
  const isPrefix = key === '' || key.endsWith('/');
  if (key === '') return { segments: [], isPrefix };
  return { segments: (isPrefix ? key.slice(0, -1) : key).split('/'), isPrefix };
}

function meetingsOf(
  segments: readonly Segment[],
  isPrefix: boolean,
  asked: AskedTarget,
): readonly Meeting[] {
  const values = bind(segments, asked.segments);
  if (values === undefined) return [];
  const surplus = asked.segments.length - segments.length;
  const coversAll = isPrefix
    ? surplus > 0 || (surplus === 0 && asked.isPrefix)
    : surplus === 0 && !asked.isPrefix;
  if (coversAll) return [{ coversAll, values }];
  return asked.isPrefix && surplus < 0 ? [{ coversAll, values }] : [];
}

/** Reads the attributes from the segments that face them. Undefined: a segment is another one. */
function bind(
  segments: readonly Segment[],
  asked: readonly string[],
): Meeting['values'] | undefined {
  const values: (readonly [Segment, Language])[] = [];
  for (const [index, text] of asked.entries()) {
    const segment = segments[index];
    if (segment === undefined) break;
    const { before, attribute, after } = segment;
    if (attribute === undefined) {
      if (text !== before) return undefined;
      continue;
    }
    const isFramed = text.startsWith(before) && text.endsWith(after);
    if (!isFramed || text.length <= before.length + after.length) return undefined;
    const value = text.slice(before.length, text.length - after.length);
    values.push([segment, languageOf([value])]);
  }
  return values;
}
