/** Tables of the pages name everything that there is, and nothing else. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { memberAt, SCHEMAS, toObject } from '../support/declared.ts';
import { toList } from './configs.ts';
import { ROOT } from './pages.ts';
import { namesIn, sectionOf } from './sections.ts';

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

  it('of the request has every member that openapi.yaml takes', () => {
    const members = Object.keys(toObject(memberAt(SCHEMAS, ['CredentialRequest', 'properties'])));

    expect(namesIn(sectionOf('docs/api.md', 'Ask for a credential'), 1)).toEqual(members);
  });
});
