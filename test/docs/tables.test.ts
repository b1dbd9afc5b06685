/** Tables of the pages name everything that there is, and nothing else. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LOADER_RULES } from '../../src/check/loader-rules.ts';
import { configSchema } from '../../src/config-loader/config-schema.ts';
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

  it('of the keys at the top of a config has every one', () => {
    const named = namesIn(sectionOf('docs/config.md', 'Top-level keys'), 1)
      .filter((name) => !name.startsWith('.'))
      .map((name) => name.split('.')[0]);

    expect([...new Set(named)].sort()).toEqual(Object.keys(configSchema.shape).sort());
  });

  it('of warnings has the rule of every warning of the loader', () => {
    const rules = LOADER_RULES.map(({ id }) => id).filter((id) => id !== 'invalid-config');

    expect([...namesIn(sectionOf('docs/config.md', 'Warnings'), 3)].sort()).toEqual(rules.sort());
  });
});
