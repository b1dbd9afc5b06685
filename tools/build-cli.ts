/** Bundles the command line into one file that needs nothing but Node. */
import { chmodSync, readFileSync } from 'node:fs';
import { build, type Metafile } from 'esbuild';

/** Writes the bundle, which can be run by itself. Returns the files that it holds. */
export async function buildCli(outfile: string): Promise<readonly string[]> {
  const { version }: { readonly version: string } = JSON.parse(
    readFileSync('package.json', 'utf8'),
  );
  const { metafile }: { readonly metafile: Metafile } = await build({
    entryPoints: ['src/cli/main.ts'],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20.10',
    format: 'cjs',
    // a require of Node's own modules takes less time than the first import()
    supported: { 'dynamic-import': false },
    banner: { js: '#!/usr/bin/env node' },
    define: { VERSION: JSON.stringify(version) },
    legalComments: 'none',
    metafile: true,
  });
  chmodSync(outfile, 0o755);
  return Object.keys(metafile.inputs);
}
