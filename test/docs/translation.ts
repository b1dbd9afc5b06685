/** What a page in Chinese must have in common with its page in English, section by section. */
import { dirname, join, normalize, relative } from 'node:path';
import { figuresIn } from './figures.ts';
import { CHINESE_PAGES, PAGES, type Page, readPage, toAnchor } from './pages.ts';
import { namesInCell, rowsOf } from './sections.ts';

/** The list of words, which is in Chinese only. */
export const TERMS = 'docs/zh-CN/terms.md';

/** Leads from a page to the same page in the other language; it stands under the title. */
const SWITCH = /^\[(?:English|简体中文)\]\([^)]*\)(?: · \[术语表\]\([^)]*\))?$/m;

export interface Pair {
  readonly english: Page;
  readonly chinese: Page;
}

/** Path of the page in English, by the path of the one in Chinese. */
export function toEnglishPath(path: string): string {
  return path === 'README.zh-CN.md' ? 'README.md' : path.replace('docs/zh-CN/', 'docs/');
}

/** Every page in Chinese with its page in English. Throws for one that translates nothing. */
export const PAIRS: readonly Pair[] = CHINESE_PAGES.filter(({ path }) => path !== TERMS).map(
  (chinese) => {
    const english = PAGES.find(({ path }) => path === toEnglishPath(chinese.path));
    if (english === undefined) throw new Error(`${chinese.path} translates no page`);
    return { english, chinese };
  },
);

/** The first line of a page in either language: where its other language is. */
export function toSwitch(from: Page, to: Page): string {
  const href = (path: string) => relative(dirname(from.path), path);
  if (CHINESE_PAGES.includes(to)) return `[简体中文](${href(to.path)})`;
  return `[English](${href(to.path)}) · [术语表](${href(TERMS)})`;
}

/** What the two pages of a pair do not have in common, as sentences. */
export function differencesOf({ english, chinese }: Pair): readonly string[] {
  const levels = (page: Page) => page.headings.map(({ level }) => level);
  const sections = [toSections(english), toSections(chinese)] as const;
  const structure = compare('the levels of the headings', levels(english), levels(chinese));
  if (structure.length > 0) return structure;
  return sections[0].flatMap((section, index) => {
    const other = sections[1][index] ?? '';
    const title = english.headings[index]?.title ?? '';
    return differencesOfSections(
      readPage(english.path, section),
      readPage(chinese.path, other),
    ).map((difference) => `${title}: ${difference}`);
  });
}

function differencesOfSections(english: Page, chinese: Page): readonly string[] {
  const blocks = (page: Page) => page.blocks.map(({ language, text }) => `${language}\n${text}`);
  const prose = { english: toProse(english.text), chinese: toProse(chinese.text) };
  return [
    ...compare('paragraphs, items and rows', toShape(prose.english), toShape(prose.chinese)),
    ...compare('blocks', blocks(english), blocks(chinese)),
    ...compare('code in tables', toCells(prose.english), toCells(prose.chinese)),
    ...compare('code', codeIn(prose.english), codeIn(prose.chinese)),
    ...compare('figures', figuresOf(prose.english), figuresOf(prose.chinese)),
    ...compare('links', toChineseLinks(english), toFullLinks(chinese)),
  ];
}

function compare(what: string, english: readonly unknown[], chinese: readonly unknown[]) {
  const [expected, seen] = [JSON.stringify(english), JSON.stringify(chinese)];
  return expected === seen ? [] : [`${what}: ${expected}, but in Chinese ${seen}`];
}

/** The text from each heading to the next; what begins a line with `#` within a block is no heading. */
function toSections(page: Page): readonly string[] {
  const sections: string[] = [];
  let isOpen = false;
  for (const line of page.text.replace(SWITCH, '').split('\n')) {
    if (/^ *```/.test(line)) isOpen = !isOpen;
    if (!isOpen && /^#+ /.test(line)) sections.push('');
    sections.push(`${sections.pop() ?? ''}${line}\n`);
  }
  return sections;
}

/** Without blocks, and with every span of code on one line. */
export function toProse(section: string): string {
  return section
    .replace(/^( *)```[\s\S]*?^ *```$/gm, '')
    .replace(/`[^`]*`/g, (code) => code.replace(/\s+/g, ' '));
}

/** What the section has in its order. A line that goes on with a paragraph or an item is no part of its own. */
function toShape(prose: string): readonly string[] {
  return prose.split('\n').flatMap((line, index, lines) => {
    if (/^ *[-*] /.test(line)) return ['item'];
    if (/^ *\d+\. /.test(line)) return ['step'];
    if (line.startsWith('|')) return ['row'];
    const isFirst = line.trim() !== '' && (lines[index - 1] ?? '').trim() === '';
    return isFirst && !line.startsWith('#') ? ['paragraph'] : [];
  });
}

/** Each row of the tables as its cells, and each cell as the code in it. */
function toCells(prose: string): readonly (readonly (readonly string[])[])[] {
  return rowsOf(prose).map((cells) => cells.map((cell) => [...namesInCell(cell)].sort()));
}

/** Each name once: one language repeats what the other calls "it". */
function codeIn(prose: string): readonly string[] {
  return [...new Set(namesInCell(prose))].sort();
}

function figuresOf(prose: string): readonly string[] {
  const words = prose.replace(/`[^`]*`/g, '`').replace(/\]\([^)]*\)/g, ']');
  return figuresIn(words.replace(/https?:\S+/g, '').replace(/^ *\d+\. /gm, ''));
}

/** Links of a page in English as the Chinese page should have them, from the root of the project. */
function toChineseLinks(page: Page): readonly string[] {
  return toFullLinks(page)
    .map((link) => {
      const [path = '', anchor] = link.split('#');
      const pair = PAIRS.find(({ english }) => english.path === path);
      if (pair === undefined) return link;
      if (anchor === undefined) return pair.chinese.path;
      const index = pair.english.headings.findIndex(({ title }) => toAnchor(title) === anchor);
      return `${pair.chinese.path}#${toAnchor(pair.chinese.headings[index]?.title ?? '')}`;
    })
    .sort();
}

function toFullLinks({ path, links }: Page): readonly string[] {
  return links
    .map((link) => {
      if (/^https?:/.test(link)) return link;
      const [file = '', anchor] = link.split('#');
      const full = file === '' ? path : normalize(join(dirname(path), file));
      return anchor === undefined ? full : `${full}#${anchor}`;
    })
    .sort();
}
