/** `npm run build [folder]`: bundles the broker and the command line, with a Node to run it, source maps, licences and code caches. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { build, type PluginBuild } from 'esbuild';
import { buildCli } from './build-cli.ts';
import { BUNDLE_SETTINGS } from './bundle-settings.ts';
import { collectLicences, packageFolder } from './dependencies/collect-licences.ts';
import { listPackages, parseLockfile } from './dependencies/lockfile.ts';
import { canRunNodeBinaries, findNode, installNode } from './node-binaries.ts';
import { LAST_FILE, replaceFolder } from './replace-folder.ts';

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

const SETTINGS = { ...BUNDLE_SETTINGS, sourcemap: 'external' } as const;

/** Matches the inputs that this build generates. */
const OWN_INPUT = new RegExp(`^(?:<stdin>$|(?:${Object.keys(LATER).join('|')}):)`);

await replaceFolder(OUT, async (folder) => {
  const inputs = [...(await bundleBroker(folder)), ...(await bundleCli(folder))];
  const packages = findProductionFolders();
  const strays = inputs.filter((input) => !isForProduction(input, packages));
  if (strays.length > 0) {
    throw new Error(`the bundle holds files that are not for production: ${strays.join(', ')}`);
  }
  shipNode(folder);
  await makeCodeCaches(folder);
  writeFileSync(join(folder, LAST_FILE), collectLicences(inputs));
});

/** Returns the files that went into the bundle. */
async function bundleBroker(folder: string): Promise<readonly string[]> {
  const built = await Promise.all([
    build({
      ...SETTINGS,
      entryPoints: ['src/main.ts'],
      outfile: join(folder, 'broker.cjs'),
      plugins: [{ name: 'later', setup: loadLater }],
    }),
    build({
      ...SETTINGS,
      entryPoints: ['src/metrics/monitoring.ts'],
      outfile: join(folder, 'monitoring.cjs'),
    }),
    build({
      ...SETTINGS,
      entryPoints: ['src/start/start.ts'],
      outfile: join(folder, 'main.cjs'),
    }),
    build({
      ...SETTINGS,
      entryPoints: ['src/source-credentials/import-module.ts'],
      supported: {},
      outfile: join(folder, 'import-module.cjs'),
    }),
    ...Object.entries(LATER).map(([group, names]) =>
      build({
        ...SETTINGS,
        stdin: {
          contents: names
            .map((name) => `exports[${JSON.stringify(name)}] = require(${JSON.stringify(name)});`)
            .join('\n'),
          resolveDir: '.',
        },
        outfile: join(folder, `${group}.cjs`),
      }),
    ),
  ]);
  return built.flatMap(({ metafile }) => Object.keys(metafile.inputs));
}

async function bundleCli(folder: string): Promise<readonly string[]> {
  const { caller, operator } = await buildCli(join(folder, 'cli.cjs'));
  return [...caller, ...operator];
}

/** The folders of the packages that production needs. */
function findProductionFolders(): ReadonlySet<string> {
  const packages = listPackages(parseLockfile(readFileSync('package-lock.json', 'utf8')));
  return new Set(packages.filter((one) => one.isForProduction).map(({ folder }) => folder));
}

/** Whether the input is in src or in one of these packages. A tool's copy of such a package does not count. */
function isForProduction(input: string, packages: ReadonlySet<string>): boolean {
  const folder = packageFolder(input);
  if (folder !== undefined) return packages.has(folder);
  return input.startsWith('src/') || OWN_INPUT.test(input);
}

/** Puts a supported Node beside the broker: that of the platform gets no security fixes any more. */
function shipNode(folder: string): void {
  const installed = installNode('shipped');
  const target = join(folder, 'node');
  // a link takes neither time nor room, but reaches no other file system
  try {
    linkSync(`${installed}/bin/node`, target);
  } catch {
    copyFileSync(`${installed}/bin/node`, target);
  }
  chmodSync(target, 0o755);
  copyFileSync(`${installed}/LICENSE`, join(folder, 'node.LICENSE'));
}

/** A code cache works only in the version that made it, so each Node that may run the bundle makes its own. */
async function makeCodeCaches(folder: string): Promise<void> {
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
    execFileSync(node, [maker, resolve(folder), String(await freePort())], {
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
