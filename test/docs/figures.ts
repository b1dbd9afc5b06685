/** The figures in a text of either language, in one form: `8 KiB`, `7.5 min`, `4/5`, `401`. */

/** What stands behind a number, and what it is called here. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^(?:minutes?\b|分钟)/, 'min'],
  [/^(?:seconds?\b|秒)/, 's'],
  [/^(?:hours?\b|小时)/, 'h'],
  [/^(?:days?\b|天)/, 'd'],
  [/^(?:bytes?\b|字节)/, 'byte'],
  [/^(?:characters?\b|字符)/, 'character'],
  [/^KiB/, 'KiB'],
  [/^MiB/, 'MiB'],
  [/^MB/, 'MB'],
  [/^%/, '%'],
];

const WORDS: Readonly<Record<string, string>> = {
  ...{ one: '1', two: '2', three: '3', four: '4', five: '5', six: '6', seven: '7', eight: '8' },
  ...{ nine: '9', ten: '10', twenty: '20', thirty: '30' },
};
const PARTS: Readonly<Record<string, string>> = {
  third: '3',
  quarter: '4',
  fifth: '5',
  tenth: '10',
};
const MONTHS =
  'January|February|March|April|May|June|July|August|September|October|November|December';
const DIGITS = '零一二三四五六七八九';

const ENGLISH = Object.keys(WORDS).join('|');
const UNIT_WORDS = 'minutes?|seconds?|hours?|days?|bytes?|characters?';

/** All figures of a text, sorted. Words count as figures where a unit or a fraction follows. */
export function figuresIn(text: string): readonly string[] {
  const digits = toDigits(text).replace(/(\d),(?=\d{3}(?!\d))/g, '$1');
  const found = [...digits.matchAll(/(?<![\w.^])\d+(?:[./]\d+)*(?:\^\d+)?/g)];
  return found
    .map(({ 0: number, index }) => {
      const unit = unitAt(digits.slice(index + number.length));
      return unit === '' ? number : `${number} ${unit}`;
    })
    .sort();
}

function toDigits(text: string): string {
  const numberOf = (word: string) => WORDS[word.toLowerCase()] ?? word;
  const monthOf = (name: string) => `${MONTHS.split('|').indexOf(name) + 1}`;
  return text
    .replace(new RegExp(`\\b(?:${MONTHS})(?= \\d{4}\\b)`, 'g'), monthOf)
    .replace(
      new RegExp(`\\b(${ENGLISH}) and a half(?=\\s(?:${UNIT_WORDS})\\b)`, 'gi'),
      (_, whole: string) => `${numberOf(whole)}.5`,
    )
    .replace(
      new RegExp(`\\b(${ENGLISH}) (${Object.keys(PARTS).join('|')})s?\\b`, 'gi'),
      (_, of: string, part: string) => `${numberOf(of)}/${PARTS[part.toLowerCase()]}`,
    )
    .replace(new RegExp(`\\b(${ENGLISH})(?=[\\s-](?:${UNIT_WORDS})\\b)`, 'gi'), numberOf)
    .replace(
      /([一二三四五六七八九])分之([一二三四五六七八九])/g,
      (_, whole: string, part: string) => `${DIGITS.indexOf(part)}/${DIGITS.indexOf(whole)}`,
    );
}

function unitAt(text: string): string {
  const rest = text.replace(/^[\s-]*个?\s*/, '');
  return UNITS.find(([pattern]) => pattern.test(rest))?.[1] ?? '';
}
