/** The code of callers on the pages: it is what `examples` has, which `npm run test:clients` runs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { PAGES, ROOT } from './pages.ts';
import type { Rule } from './rules.ts';
import { syntaxProblem } from './shell.ts';

/** The code of callers: paths from the root of the project, each with its text. */
export const EXAMPLES: ReadonlyMap<string, string> = new Map(
  readdirSync(`${ROOT}examples`, { encoding: 'utf8', recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath !== `${ROOT}examples`)
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .map((path) => [path, readFileSync(`${ROOT}${path}`, 'utf8')]),
);

const PATH_OF: ReadonlyMap<string, string> = new Map(
  [...EXAMPLES].map(([path, text]) => [text, path]),
);

const code: Rule = {
  name: 'the text of an example, which its page links',
  covers: ({ text }) => PATH_OF.has(text),
  check({ page, text }) {
    const path = PATH_OF.get(text) ?? '';
    const links = PAGES.find((known) => known.path === page)?.links ?? [];
    const linked = links.map((link) => join('docs/callers', link));

    expect(page).toMatch(/^docs\/callers\//);
    expect(linked.some((link) => path.startsWith(link))).toBe(true);
  },
};

const toJavaFile = (name: string) => `src/main/java/${name.replaceAll('.', '/')}.java`;

/** What a line of the shell starts, and where the file is that it names. */
const COMMANDS: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^pip install -r (\S+)$/, (name) => name],
  [/^npm install ali-oss@6\.23\.0 \.\.\/\.\.\/dist\/package$/, () => '.'],
  [/^npx vite$/, () => 'index.html'],
  [/\| node (\S+)$/, (name) => name],
  [/^\. \.\/(\S+)$/, (name) => name],
  [/\brclone --config (\S+) copy /, (name) => name],
  [/\bpython (\S+)/, (name) => name],
  [/\bgo run (\S+)/, (name) => join(name, 'main.go')],
  [/\bmvn -q exec:java .*-Dexec\.mainClass=(\S+)/, toJavaFile],
  [/\bmvn -q (?:compile|exec:java)$/, () => 'pom.xml'],
];

/** The agent takes no shorter secret. */
const secret: Rule = {
  name: 'a secret for an agent, long enough',
  covers: ({ page, text }) => page === 'docs/callers/kubernetes.md' && text.startsWith('kubectl '),
  check({ text }) {
    const [, bytes] = /--from-literal=secret="\$\(openssl rand -hex (\d+)\)"$/m.exec(text) ?? [];

    expect(syntaxProblem(text)).toBe('');
    expect(Number(bytes) * 2).toBeGreaterThanOrEqual(32);
  },
};

const commands: Rule = {
  name: 'how an example is started',
  covers: ({ language, text }) => language === 'sh' && text.startsWith('cd examples/'),
  check(block) {
    const [first = '', ...lines] = block.text.trim().split('\n');
    const problems = lines.map((line) => problemOf(line, first.replace(/^cd /, '')));

    expect(syntaxProblem(block.text)).toBe('');
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  },
};

/** What is wrong with a line in a folder of `examples`; undefined if nothing is. */
function problemOf(line: string, folder: string): string | undefined {
  if (/^export (?:[A-Z_]+=\S+ ?)+$/.test(line)) return undefined;
  for (const [pattern, fileOf] of COMMANDS) {
    const found = pattern.exec(line);
    if (found === null) continue;
    const path = join(folder, fileOf(found[1] ?? ''));
    return existsSync(`${ROOT}${path}`) ? undefined : `${path} is not there`;
  }
  return `"${line}" is unknown`;
}

export const EXAMPLE_RULES: readonly Rule[] = [code, secret, commands];
