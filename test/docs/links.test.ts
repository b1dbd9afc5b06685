/** The pages hang together: links lead somewhere, headings can be linked, and the README stays short. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHINESE_PAGES, PAGES, type Page, ROOT, readPage, toAnchor } from './pages.ts';

/** A character of Chinese has three bytes. */
const MAX_BYTES = { 'README.md': 11_000, 'README.zh-CN.md': 12_000 };
const ALL = [...PAGES, ...CHINESE_PAGES];

/** What is wrong with one link; undefined if nothing is. */
function problemOf(page: Page, link: string): string | undefined {
  if (/^https?:/.test(link)) return problemOfUrl(link);
  if (link.startsWith('/')) return 'is absolute';
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page.path : normalize(join(dirname(page.path), path));
  if (file.startsWith('..')) return 'leads out of the project';
  if (!existsSync(`${ROOT}${file}`)) return 'leads to no file';
  if (anchor === undefined) return undefined;
  const target = ALL.find((known) => known.path === file);
  const anchors = target?.headings.map(({ title }) => toAnchor(title)) ?? [];
  return anchors.includes(anchor) ? undefined : 'leads to no heading';
}

function problemOfUrl(link: string): string | undefined {
  if (!URL.canParse(link) || !link.startsWith('https://')) return 'is no https URL';
  return /\/(?:blob|tree|raw)\//.test(link) ? 'names a file of a repository by its URL' : undefined;
}

describe.each(ALL.map((page) => [page.path, page] as const))('%s', (_path, page) => {
  it('has links that lead somewhere', () => {
    const problems = page.links.flatMap((link) => {
      const problem = problemOf(page, link);
      return problem === undefined ? [] : [`${link} ${problem}`];
    });

    expect(problems).toEqual([]);
  });

  it('has one title, and under it unique headings that skip no level', () => {
    const levels = page.headings.map(({ level }) => level);
    const anchors = page.headings.map(({ title }) => toAnchor(title));
    const skipped = levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1);

    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    expect(levels[0]).toBe(1);
    expect(skipped).toEqual([]);
    expect(anchors).toEqual([...new Set(anchors)]);
  });
});

describe('the README', () => {
  const readme = PAGES.find(({ path }) => path === 'README.md');

  it.each(Object.entries(MAX_BYTES))('stays short: %s', (path, bytes) => {
    const { text } = ALL.find((page) => page.path === path) ?? {};

    expect(Buffer.byteLength(text ?? '')).toBeGreaterThan(0);
    expect(Buffer.byteLength(text ?? '')).toBeLessThanOrEqual(bytes);
  });

  it('leads to every other page, and the page of callers to a page for each', () => {
    const others = PAGES.map(({ path }) => path).filter((path) => path !== 'README.md');
    const callers = PAGES.find(({ path }) => path === 'docs/callers.md');
    const linked = [
      ...(readme?.links ?? []),
      ...(callers?.links ?? []).map((link) => `docs/${link}`),
    ];

    expect(others.filter((path) => !linked.includes(path))).toEqual([]);
    expect(readme?.links).toContain('docs/callers.md');
  });
});

describe('the check of links', () => {
  it.each([
    ['[a](docs/nowhere.md)', 'leads to no file'],
    ['[a](docs/api.md#nowhere)', 'leads to no heading'],
    ['[a](#nowhere)', 'leads to no heading'],
    ['[a](/docs/api.md)', 'is absolute'],
    ['[a](../outside.md)', 'leads out of the project'],
    ['[a](http://example.com)', 'is no https URL'],
    ['https://github.com/a/b/blob/main/x.md', 'names a file of a repository by its URL'],
    ['[a](docs/api.md#health)', undefined],
  ])('says of %s: %s', (text, problem) => {
    const page = readPage('README.md', text);

    expect(page.links.map((link) => problemOf(page, link))).toEqual([problem]);
  });
});
