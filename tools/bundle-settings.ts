/** What esbuild does alike for every program that is shipped. */
import type { BuildOptions } from 'esbuild';

export const BUNDLE_SETTINGS: BuildOptions & { readonly metafile: true } = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20.10',
  // the SDK is CommonJS and calls require at run time, which ESM output does not support
  format: 'cjs',
  // a script from the code cache cannot use import(), not even for Node's own modules, and a require of
  // these takes less time than the first import()
  supported: { 'dynamic-import': false },
  legalComments: 'none',
  metafile: true,
  // an optional dependency of `debug` that colours its output; the broker does not ship it
  external: ['supports-color'],
};
