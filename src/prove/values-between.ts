/** The values of an attribute that make a valid segment of a key together with the text around it. */
import { keyProblem } from '../grants/target.ts';
import { buildLanguage, type Language, languageOf, type Range, subtract } from './language.ts';

/** Grammars have only ASCII. */
const LAST_ASCII = 0x7f;

/** Without the values with which the segment would be no part of a key, such as `..`. */
export function valuesBetween(values: Language, before: string, after: string): Language {
  if (before === '' && after === '') return values;
  const dots = ['.', '..', '...'].filter(
    (value) => keyProblem(before + value + after) !== undefined,
  );
  const fitting = dots.length === 0 ? values : subtract(values, languageOf(dots));
  return /^[\0-\x7f]*$/.test(after) ? fitting : composedWith(fitting, after);
}

/** Without the values whose last character forms another one with what follows: such keys are not in normal form C. */
function composedWith(values: Language, after: string): Language {
  const ranges: [number, number][] = [];
  for (let unit = 0; unit <= LAST_ASCII; unit++) {
    if (keyProblem(`a${String.fromCharCode(unit)}${after}`) === undefined) continue;
    const last = ranges.at(-1);
    if (last?.[1] === unit - 1) last[1] = unit;
    else ranges.push([unit, unit]);
  }
  const isBad = (unit: number) => ranges.some(([from, to]) => from <= unit && unit <= to);
  const endsBadly = buildLanguage<boolean>({
    start: false,
    ranges: () => [...ranges, ...gapsOf(ranges)],
    step: (_place, unit) => isBad(unit),
    accepts: (isLastBad) => isLastBad,
  });
  return subtract(values, endsBadly);
}

function gapsOf(ranges: readonly Range[]): readonly Range[] {
  const starts = [0, ...ranges.map(([, to]) => to + 1)];
  const ends = [...ranges.map(([from]) => from - 1), LAST_ASCII];
  return starts.flatMap((start, index): readonly Range[] => {
    const end = ends[index] ?? LAST_ASCII;
    return start <= end ? [[start, end]] : [];
  });
}
