/** `npm run schema`: writes the JSON Schema of `broker.yaml` to the path in the first argument. */
import { writeFileSync } from 'node:fs';
import { jsonSchema } from '../src/config-loader/config-schema.ts';

const [, , path] = process.argv;
if (path === undefined) throw new Error('the first argument must be a path');
writeFileSync(path, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
