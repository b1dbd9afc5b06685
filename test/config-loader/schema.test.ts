import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jsonSchema } from '../../src/config-loader/config-schema.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('broker.schema.json', () => {
  it('is generated from the schema of the loader', () => {
    expect(JSON.parse(read('broker.schema.json'))).toEqual(
      JSON.parse(JSON.stringify(jsonSchema())),
    );
  });

  it('accepts the example config, but not a mistyped key', () => {
    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(read('broker.schema.json')));
    const example: unknown = parse(read('simulator/dev-broker.yaml'));

    expect(validate(example)).toBe(true);
    expect(validate({ ...Object(example), regoin: 'x' })).toBe(false);
  });

  it('describes only keys that docs/config.md documents', () => {
    const page = read('docs/config.md');
    const keys = keysOf(jsonSchema());

    expect(keys.length).toBeGreaterThan(20);
    expect(keys.filter((key) => !page.includes(key))).toEqual([]);
  });
});

/** Every key that the schema allows in a config. */
function keysOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const named =
    'properties' in schema && typeof schema.properties === 'object' && schema.properties !== null
      ? Object.keys(schema.properties)
      : [];
  return [...named, ...Object.values(schema).flatMap(keysOf)];
}
