/** The broker reads this code only for a config with assertions. */
import { build, type Metafile } from 'esbuild';
import { expect, it } from 'vitest';

/** The files of src that are loaded with the entry point: what import() loads is in other chunks. */
function loadedWith({ outputs }: Metafile, entry: string): ReadonlySet<string> {
  const [first] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry) ?? [];
  const chunks = new Set(first === undefined ? [] : [first]);
  // grows while it runs
  for (const chunk of chunks) {
    for (const { kind, path } of outputs[chunk]?.imports ?? []) {
      if (kind === 'import-statement') chunks.add(path);
    }
  }
  return new Set([...chunks].flatMap((chunk) => Object.keys(outputs[chunk]?.inputs ?? {})));
}

it('is in no file that the broker loads at its start', async () => {
  const { metafile } = await build({
    entryPoints: ['src/main.ts'],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outdir: 'unused',
    write: false,
    metafile: true,
  });
  const isProve = (path: string) => path.startsWith('src/prove/');

  expect([...loadedWith(metafile, 'src/main.ts')].filter(isProve)).toEqual([]);
  expect(Object.keys(metafile.inputs).filter(isProve).length).toBeGreaterThan(5);
  expect([...loadedWith(metafile, 'src/main.ts')]).toContain('src/decide.ts');
});
