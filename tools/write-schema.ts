/** `npm run schema`: writes the JSON Schema of `broker.yaml`, and the page of its keys, to the paths in the arguments. */
import { writeFileSync } from 'node:fs';
import { jsonSchema } from '../src/config-loader/config-schema.ts';
import { toConfigReference } from './reference/config-reference.ts';
import { readConfigSchema } from './reference/schema-node.ts';

const [, , schemaPath, pagePath] = process.argv;
if (schemaPath === undefined || pagePath === undefined) throw new Error('two paths are needed');
writeFileSync(schemaPath, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
writeFileSync(pagePath, toConfigReference(readConfigSchema()));
