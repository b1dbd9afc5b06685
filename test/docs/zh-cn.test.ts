/** The pages in Chinese keep step with the pages in English. */
import { describe, expect, it } from 'vitest';
import { figuresIn } from './figures.ts';
import { CHINESE_PAGES, readPage } from './pages.ts';
import { rowsOf } from './sections.ts';
import { differencesOf, PAIRS, type Pair, TERMS, toProse, toSwitch } from './translation.ts';

const terms = CHINESE_PAGES.find(({ path }) => path === TERMS);

describe.each(PAIRS.map((pair) => [pair.chinese.path, pair] as const))('%s', (_path, pair) => {
  const { english, chinese } = pair;

  it('has the headings, blocks, tables, code, figures and links of the English page', () => {
    expect(differencesOf(pair)).toEqual([]);
  });

  it('leads to the English page under its title, and back', () => {
    expect(chinese.text.split('\n')[2]).toBe(toSwitch(chinese, english));
    expect(english.text.split('\n')[2]).toBe(toSwitch(english, chinese));
  });

  it('translates every heading but names', () => {
    const same = chinese.headings.filter(
      ({ title }, index) => title === english.headings[index]?.title && !/^[\w-]+$/.test(title),
    );

    expect(same).toEqual([]);
  });

  it('has Chinese punctuation beside Chinese words, and blanks beside others', () => {
    expect(typographyOf(chinese.text)).toEqual([]);
  });
});

/** Lines with half-width punctuation between Chinese words, or a Chinese word that touches a Latin one. */
function typographyOf(text: string): readonly string[] {
  return toProse(text)
    .split('\n')
    .filter((line) => {
      const words = line.replace(/\]\([^)]*\)/g, ']');
      return /\p{Script=Han}(?:[,;:?!]|\.(?!\w))|\p{Script=Han}[A-Za-z0-9`]|[A-Za-z0-9`]\p{Script=Han}/u.test(
        words,
      );
    });
}

describe('a page in English that changes alone', () => {
  const [first] = PAIRS.filter(({ english }) => english.path === 'README.md');

  function afterChange(from: string, to: string): readonly string[] {
    if (first === undefined) throw new Error('there is no README in Chinese');
    const { english, chinese } = first;
    expect(english.text).toContain(from);
    const changed: Pair = {
      english: readPage(
        english.path,
        english.text.replace(from, () => to),
      ),
      chinese,
    };
    return differencesOf(changed);
  }

  it.each([
    ['a new heading', '## More\n', '## More\n\n### Still more\n', /^the levels of the headings/],
    ['a heading of another level', '## A CI job', '### A CI job', /^the levels of the headings/],
    ['another command', 'npm ci && npm run dev', 'npm ci && npm start', /^Quick start: blocks/],
    ['another comment', '// before each request', '// always', /^A browser: blocks/],
    ['another number', 'Node 20.10', 'Node 22.10', /^Quick start: figures/],
    [
      'another row',
      '| for both | |',
      '| for both | |\n| `x` | y |',
      /^More: paragraphs, items and rows/,
    ],
    ['another name in a row', '`oss://bucket/key`', '`oss://bucket`', /code in tables/],
    ['another name in the text', '`RefreshAfter`', '`Expiration`', /^A browser: code/],
    ['another paragraph', '\nMIT licence.', '\nIt is small.\n\nMIT licence.', /^More: paragraphs/],
    ['another link', '(docs/init.md)', '(docs/check.md)', /^More: links/],
    ['another anchor', '#a-grant-for-a-ci-job', '#warnings', /^A CI job: links/],
  ])('is seen by %s', (_what, from, to, difference) => {
    expect(afterChange(from, to)[0]).toMatch(difference);
  });
});

describe('a figure', () => {
  it.each([
    ['at most 1,024 characters', '最多 1,024 个字符', ['1024 character']],
    ['seven and a half minutes', '7.5 分钟', ['7.5 min']],
    ['four fifths of the time', '时间的五分之四', ['4/5']],
    ['STS allows 100 AssumeRole a second', 'STS 每秒允许 100 次 AssumeRole', ['100']],
    ['every ten seconds, status 401', '状态码 401，每 10 秒', ['10 s', '401']],
    ['15 minutes', '15 分钟', ['15 min']],
    ['since April 2026', '自 2026 年 4 月起', ['2026', '4']],
  ])('is the same in both languages: %s', (english, chinese, figures) => {
    expect(figuresIn(english)).toEqual(figures);
    expect(figuresIn(chinese)).toEqual(figures);
  });

  it('differs by its unit', () => {
    expect(figuresIn('15 minutes')).not.toEqual(figuresIn('15 秒'));
  });
});

describe('a word of the list', () => {
  const words = rowsOf(terms?.text ?? '').slice(1);
  const text = PAIRS.map(({ chinese }) => toProse(chinese.text))
    .join('\n')
    .replace(/`[^`]*`/g, '');

  it.each(words.map(([, english = '', chinese = '', avoided = '']) => [english, chinese, avoided]))(
    'is used for %s: %s, and no other',
    (_english, chinese, avoided) => {
      const others = (avoided ?? '').trim().split('、').filter(Boolean);

      expect(text.includes((chinese ?? '').trim())).toBe(true);
      expect(others.filter((other) => text.includes(other))).toEqual([]);
    },
  );

  it('stands once on each side', () => {
    const columns = [1, 2].map((column) => words.map((cells) => cells[column]?.trim()));

    expect(words.length).toBeGreaterThan(20);
    for (const column of columns) expect(column).toEqual([...new Set(column)]);
  });
});
