/** docs/config-reference.md is the schema of the loader, and no key of it is left out. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsonSchema } from '../../src/config-loader/config-schema.ts';
import { toConfigReference } from '../../tools/reference/config-reference.ts';
import { readConfigSchema, type SchemaNode } from '../../tools/reference/schema-node.ts';
import { toObject } from '../support/declared.ts';
import { ROOT } from './pages.ts';
import { namesInCell, rowsOf, sectionOf } from './sections.ts';

const page = readFileSync(`${ROOT}docs/config-reference.md`, 'utf8');
const rows = rowsOf(page).filter(([, key = '']) => key.includes('`'));
const rowOf = (path: string) =>
  rows.filter(([, key = '']) => namesInCell(key)[0] === path).map((cells) => cells.slice(2, 5));

describe('the reference of the config', () => {
  it('is what npm run schema writes', () => {
    expect(page).toBe(toConfigReference(readConfigSchema()));
  });

  it('has every key of the JSON Schema, below the keys around it', () => {
    const listed = new Set(rows.map(([, key = '']) => namesInCell(key)[0]));
    const paths = pathsOf('', jsonSchema()).filter((path) => !path.endsWith('.type'));

    expect(paths.length).toBeGreaterThan(100);
    // the credentials that a role is assumed with are those of the section, one level down
    const isListedAbove = (path: string) => path.startsWith('sourceCredentials.from.');
    expect(paths.filter((path) => !listed.has(path) && !isListedAbove(path))).toEqual([]);
    expect(page).toContain('`sourceCredentials.type` is required');
  });

  it('has a value, a default and a meaning for each', () => {
    expect(rows.filter((cells) => cells.slice(2, 5).some((cell) => cell.trim() === ''))).toEqual(
      [],
    );
  });

  it.each([
    ['issuers[].maxTokenAge', ' a duration of at most 720h, written like 900s, 15m or 1h ', '24h'],
    ['callerAddress.trustedHops', ' a whole number from 1 to 10 ', 'required'],
    ['publicUrl', / an https:\/\/ origin like /, 'unknown'],
    ['grants[].mode', ' `enforce`, `report` ', 'enforce'],
    ['buckets.<name>.endpoint', /internal, accelerate, or an https:/, 'public one'],
    ['grants[].when[].in', / at least 1; each a string, a number/, 'one of these'],
    ['sourceCredentials.from', /a map with a `type`: `environment`/, 'the environment'],
  ])('says of %s what the loader says of a wrong value', (path, value, standard) => {
    const [[first = '', second = ''] = []] = rowOf(path);

    if (typeof value === 'string') expect(first).toBe(value);
    else expect(first).toMatch(value);
    expect(second).toContain(standard);
  });
});

describe('the page that explains the config', () => {
  it.each([
    ['Top-level keys', '', 3],
    ['Issuers', 'issuers[].', 3],
    ['Grants', 'grants[].', 4],
  ])('requires under %s what the schema requires', (title, above, least) => {
    const keys = rowsOf(sectionOf('docs/config.md', title)).flatMap(
      ([, names = '', , standard = '']) =>
        namesInCell(names)
          // what an optional map requires is not required
          .filter((name) => above !== '' || !name.includes('.'))
          .map((name) => `${above}${name}`)
          .flatMap((key) => rowOf(key).map(([, real = '']) => ({ key, standard, real }))),
    );
    const isRequired = (text: string) => text.trim() === 'required';

    expect(keys.filter(({ real }) => isRequired(real)).length).toBeGreaterThanOrEqual(least);
    expect(keys.filter(({ standard, real }) => isRequired(standard) !== isRequired(real))).toEqual(
      [],
    );
  });
});

describe('the writer of the reference', () => {
  it('refuses a key without a description', () => {
    const schema: SchemaNode = { properties: { region: { type: 'string' } } };

    expect(() => toConfigReference(schema)).toThrow('region has no description');
  });

  it('sees a key, a value, a default and a description that change', () => {
    const usual = { type: 'string', description: 'Where it is.', default: 'a' };
    const write = (node: object, name = 'region') =>
      toConfigReference({ properties: { [name]: { ...usual, ...node } } });

    const pages = [
      write({}),
      write({}, 'zone'),
      write({ enum: ['a', 'b'] }),
      write({ default: 'b' }),
      write({ description: 'Where it was.' }),
    ];
    expect(new Set(pages).size).toBe(pages.length);
  });
});

/** Found without the writer: the names below `properties`, in every alternative. */
function pathsOf(path: string, schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, items, additionalProperties, anyOf, oneOf } = toObject(schema);
  const named = Object.entries(toObject(properties ?? {})).flatMap(([name, child]) => {
    const own = path === '' ? name : `${path}.${name}`;
    return [own, ...pathsOf(own, child)];
  });
  const alternatives = [anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return [
    ...named,
    ...pathsOf(`${path}[]`, items),
    ...pathsOf(`${path}.<name>`, additionalProperties),
    ...alternatives.flatMap((one) => pathsOf(path, one)),
  ];
}
