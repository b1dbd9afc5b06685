/** Bundles the command line: one file that needs nothing but Node, and one with the commands for operators beside it. */
import { chmodSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { BUNDLE_SETTINGS } from './bundle-settings.ts';

const OPERATOR = 'operator.cjs';
const OPERATOR_ENTRY = 'src/cli/operator/operator-commands.ts';

/** The file of the operators' commands is read when one of them runs. */
const later: Plugin = {
  name: 'later',
  setup({ onResolve }) {
    onResolve({ filter: /\/operator-commands\.ts$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: `./${OPERATOR}`, external: true },
    );
  },
};

export interface CliFiles {
  /** What the file for callers holds. */
  readonly caller: readonly string[];
  readonly operator: readonly string[];
}

/** Writes the bundle, which can be run by itself. Returns the files that it holds. */
export async function buildCli(outfile: string): Promise<CliFiles> {
  const { version }: { readonly version: string } = JSON.parse(
    readFileSync('package.json', 'utf8'),
  );
  const caller = await build({
    ...BUNDLE_SETTINGS,
    entryPoints: ['src/cli/main.ts'],
    outfile,
    banner: { js: '#!/usr/bin/env node' },
    define: { VERSION: JSON.stringify(version) },
    plugins: [later],
  });
  const operator = await build({
    ...BUNDLE_SETTINGS,
    entryPoints: [OPERATOR_ENTRY],
    outfile: join(dirname(outfile), OPERATOR),
  });
  chmodSync(outfile, 0o755);
  return {
    caller: Object.keys(caller.metafile.inputs),
    operator: Object.keys(operator.metafile.inputs),
  };
}
