/** `npm run sbom`: writes the bill of materials of production to the path in the first argument. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseLockfile, parseManifest } from './dependencies/lockfile.ts';
import { createSbom } from './dependencies/sbom.ts';

const [, , path] = process.argv;
if (path === undefined) throw new Error('the first argument must be a path');
const sbom = createSbom({
  manifest: parseManifest(readFileSync('package.json', 'utf8')),
  lockfile: parseLockfile(readFileSync('package-lock.json', 'utf8')),
});
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, sbom);
