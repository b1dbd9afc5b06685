/** The pages of the documentation, taken apart into headings, links and fenced blocks. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Block {
  /** Path from the root of the project. */
  readonly page: string;
  readonly line: number;
  /** What stands behind the opening fence, e.g. `sh`. */
  readonly language: string;
  readonly text: string;
}

export interface Page {
  readonly path: string;
  readonly text: string;
  readonly headings: readonly { readonly level: number; readonly title: string }[];
  /** The addresses behind `[text](address)`, and those that stand by themselves. */
  readonly links: readonly string[];
  readonly blocks: readonly Block[];
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const TOP = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md'];
const FENCE = /^( *)```(.*)$/;

const IN_DOCS = readdirSync(`${ROOT}docs`, { encoding: 'utf8', recursive: true })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
  .sort();
const IS_CHINESE = /^docs\/zh-CN\//;

/** The pages in English. What their blocks and tables say is tested. */
export const PAGES: readonly Page[] = readPages([
  ...TOP,
  ...IN_DOCS.filter((path) => !IS_CHINESE.test(path)),
]);

/** The pages in Chinese. Their blocks and tables are those of the English pages, so they do not run again. */
export const CHINESE_PAGES: readonly Page[] = readPages([
  'README.zh-CN.md',
  ...IN_DOCS.filter((path) => IS_CHINESE.test(path)),
]);

function readPages(paths: readonly string[]): readonly Page[] {
  return paths.map((path) => readPage(path, readFileSync(`${ROOT}${path}`, 'utf8')));
}

/** The blocks of one page in a language, in their order. */
export function blocksOf(path: string, language: string): readonly Block[] {
  const page = PAGES.find((known) => known.path === path);
  if (page === undefined) throw new Error(`there is no page ${path}`);
  return page.blocks.filter((block) => block.language === language);
}

/** The one block of a page in a language that holds this text. */
export function blockWith(path: string, language: string, part: string): Block {
  const [only, another] = blocksOf(path, language).filter(({ text }) => text.includes(part));
  if (only === undefined || another !== undefined) {
    throw new Error(`${path} must have one ${language} block with ${part}`);
  }
  return only;
}

/** Takes a page apart. Throws for a fence that is never closed. */
export function readPage(path: string, text: string): Page {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { line: number; indent: string; language: string; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [fence, indent = '', language = ''] = FENCE.exec(line) ?? [];
    if (open !== undefined && fence !== undefined) {
      const { line: at, language: of, lines } = open;
      blocks.push({ page: path, line: at, language: of, text: `${lines.join('\n')}\n` });
      open = undefined;
    } else if (open !== undefined) {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    } else if (fence !== undefined) {
      open = { line: index + 1, indent, language, lines: [] };
    } else {
      prose.push(line);
    }
  }
  if (open !== undefined) throw new Error(`${path}:${open.line} opens a block and never closes it`);
  return { path, text, blocks, headings: readHeadings(prose), links: readLinks(prose.join('\n')) };
}

function readHeadings(lines: readonly string[]): Page['headings'] {
  return lines.flatMap((line) => {
    const [, marks, title] = /^(#+) +(.*)$/.exec(line) ?? [];
    return marks === undefined || title === undefined ? [] : [{ level: marks.length, title }];
  });
}

function readLinks(prose: string): readonly string[] {
  const text = prose.replace(/`[^`\n]*`/g, '');
  const inBrackets = [...text.matchAll(/\]\(([^)]*)\)/g)].map(([, address = '']) => address);
  const bare = [...text.matchAll(/(?<!\()https?:\/\/[^\s|)>]+/g)].map(([address]) => address);
  return [...inBrackets, ...bare];
}

/** The anchor of a heading, as platforms make it: small letters, hyphens for spaces, no punctuation. */
export function toAnchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}
