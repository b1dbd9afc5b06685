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
});
