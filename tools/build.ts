/** `npm run build [folder]`: bundles the broker and the command line, with a Node to run it, source maps, licences and code caches. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { type BuildOptions, build, type PluginBuild } from 'esbuild';
import { buildCli } from './build-cli.ts';
import { collectLicences, packageFolder } from './dependencies/collect-licences.ts';
import { listPackages, parseLockfile } from './dependencies/lockfile.ts';
import { canRunNodeBinaries, findNode, installNode } from './node-binaries.ts';

const [OUT = 'dist'] = process.argv.slice(2);

/**
 * Packages that the first answer does not need. Each group is a separate file beside main.cjs and is
 * read on first use, because V8 scans a whole file before it runs any of it.
 */
const LATER: Readonly<Record<string, readonly string[]>> = {
  alicloud: ['@alicloud/sts20150401', '@alicloud/openapi-core', '@alicloud/credentials'],
  config: ['zod', 'yaml'],
  limits: ['rate-limiter-flexible', 'ioredis'],
};

const SETTINGS: BuildOptions & { readonly metafile: true } = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20.10',
  // the SDK is CommonJS and calls require at run time, which ESM output does not support
  format: 'cjs',
  // a script from the code cache cannot use import(), not even for Node's own modules
  supported: { 'dynamic-import': false },
  sourcemap: 'external',
  legalComments: 'none',
  metafile: true,
  // an optional dependency of `debug` that colours its output; the broker does not ship it
  external: ['supports-color'],
};

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const broker = await build({
  ...SETTINGS,
  entryPoints: ['src/main.ts'],
  outfile: join(OUT, 'broker.cjs'),
  plugins: [{ name: 'later', setup: loadLater }],
});
const monitoring = await build({
  ...SETTINGS,
  entryPoints: ['src/metrics/monitoring.ts'],
  outfile: join(OUT, 'monitoring.cjs'),
});
const start = await build({
  ...SETTINGS,
  entryPoints: ['src/start/start.ts'],
  outfile: join(OUT, 'main.cjs'),
});
const importer = await build({
  ...SETTINGS,
  entryPoints: ['src/source-credentials/import-module.ts'],
  supported: {},
  outfile: join(OUT, 'import-module.cjs'),
});
const later = await Promise.all(
  Object.entries(LATER).map(([group, names]) =>
    build({
      ...SETTINGS,
      stdin: {
        contents: names
          .map((name) => `exports[${JSON.stringify(name)}] = require(${JSON.stringify(name)});`)
          .join('\n'),
        resolveDir: '.',
      },
      outfile: join(OUT, `${group}.cjs`),
    }),
  ),
);

const cli = await buildCli(join(OUT, 'cli.cjs'));

/** Matches the inputs that this build generates. */
const OWN_INPUT = new RegExp(`^(?:<stdin>$|(?:${Object.keys(LATER).join('|')}):)`);
const productionFolders = new Set(
  listPackages(parseLockfile(readFileSync('package-lock.json', 'utf8')))
    .filter((one) => one.isForProduction)
    .map(({ folder }) => folder),
);
const inputs = [
  ...[broker, monitoring, start, importer, ...later].flatMap(({ metafile }) =>
    Object.keys(metafile.inputs),
  ),
  ...cli.caller,
  ...cli.operator,
];
const strays = inputs.filter((input) => !isForProduction(input));
if (strays.length > 0) {
  throw new Error(`the bundle holds files that are not for production: ${strays.join(', ')}`);
}
writeFileSync(join(OUT, 'LICENSES.txt'), collectLicences(inputs));
shipNode();
await makeCodeCaches();

/** Whether the input is in src or in a package that production needs. A tool's copy of that package does not count. */
function isForProduction(input: string): boolean {
  const folder = packageFolder(input);
  if (folder !== undefined) return productionFolders.has(folder);
  return input.startsWith('src/') || OWN_INPUT.test(input);
}

/** Puts a supported Node beside the broker: that of the platform gets no security fixes any more. */
function shipNode(): void {
  const folder = installNode('shipped');
  const target = join(OUT, 'node');
  // a link takes neither time nor room, but reaches no other file system
  try {
    linkSync(`${folder}/bin/node`, target);
  } catch {
    copyFileSync(`${folder}/bin/node`, target);
  }
  chmodSync(target, 0o755);
  copyFileSync(`${folder}/LICENSE`, join(OUT, 'node.LICENSE'));
}

/** A code cache works only in the version that made it, so each Node that may run the bundle makes its own. */
async function makeCodeCaches(): Promise<void> {
  const maker = `node_modules/.cache/oss-token-broker/make-code-cache-${process.pid}.mjs`;
  await build({
    ...SETTINGS,
    format: 'esm',
    entryPoints: ['src/start/make-code-cache.ts'],
    outfile: maker,
    sourcemap: false,
  });
  const nodes = canRunNodeBinaries ? [findNode('shipped'), findNode('platform')] : [];
  for (const node of nodes) {
    if (node === undefined) continue;
    execFileSync(node, [maker, resolve(OUT), String(await freePort())], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 30_000,
    });
  }
  rmSync(maker);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((listening) => probe.listen(0, '127.0.0.1', listening));
  const address = probe.address();
  await new Promise((closed) => probe.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Replaces each package of a group with a `require` of the group's file. */
function loadLater({ onResolve, onLoad }: PluginBuild): void {
  for (const [group, names] of Object.entries(LATER)) {
    onResolve({ filter: /^[@a-z]/ }, ({ path }) =>
      names.includes(path) ? { path, namespace: group } : undefined,
    );
    onLoad({ filter: /.*/, namespace: group }, ({ path }) => ({
      contents: `module.exports = require('./${group}.cjs')[${JSON.stringify(path)}];`,
    }));
  }
  onResolve({ filter: /\/(?:import-module|monitoring)\.ts$/ }, ({ path }) => ({
    path: `./${basename(path, '.ts')}.cjs`,
    external: true,
  }));
  onResolve({ filter: /^\.\/[a-z]+\.cjs$/ }, ({ path }) => ({ path, external: true }));
}
