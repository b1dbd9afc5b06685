/** Tables of the pages name everything that there is, and nothing else. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { memberAt, SCHEMAS, toObject } from '../support/declared.ts';
import { toList } from './configs.ts';
import { blocksOf, PAGES, ROOT } from './pages.ts';

const sectionOf = (path: string, title: string): string => {
  const { text = '' } = PAGES.find((page) => page.path === path) ?? {};
  const [, after = ''] = text.split(`\n## ${title}\n`);
  return after.split('\n## ')[0] ?? '';
};

/** What stands in backticks in one column of a section's tables. */
function namesIn(section: string, column: number): readonly string[] {
  const cells = section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split(/(?<!\\)\|/)[column] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

describe('a table', () => {
  it('of errors has every code of openapi.yaml', () => {
    const codes = toList(memberAt(SCHEMAS, ['Problem', 'properties', 'code', 'enum']));

    expect([...namesIn(sectionOf('docs/operations.md', 'Errors'), 2)].sort()).toEqual(
      [...codes].sort(),
    );
  });

  it('of commands has every script of package.json', () => {
    const { scripts } = toObject(JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')));
    const commands = namesIn(sectionOf('docs/development.md', 'Commands'), 1);

    expect(commands.map((command) => command.replace(/^npm (run )?/, '')).sort()).toEqual(
      Object.keys(toObject(scripts)).sort(),
    );
  });

  it('of audit members has every member of the audit lines on the page', () => {
    const lines = blocksOf('docs/operations.md', 'json').map(({ text }) =>
      toObject(JSON.parse(text)),
    );
    const members = new Set(lines.flatMap((line) => Object.keys(line)));
    const listed = namesIn(sectionOf('docs/operations.md', 'Audit lines'), 1);

    expect([...listed].sort()).toEqual([...members, 'reported', 'targetCount'].sort());
  });

  it('of the request has every member that openapi.yaml takes', () => {
    const members = Object.keys(toObject(memberAt(SCHEMAS, ['CredentialRequest', 'properties'])));

    expect(namesIn(sectionOf('docs/api.md', 'Ask for a credential'), 1)).toEqual(members);
  });
});
