/** `npm run build:package [folder]`: writes the package that is published, client kit and command line. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { buildCli } from './build-cli.ts';
import { collectLicences } from './dependencies/collect-licences.ts';
import { LAST_FILE, replaceFolder } from './replace-folder.ts';

const [OUT = 'dist/package'] = process.argv.slice(2);
const CLI = 'bin/oss-token-broker.cjs';

/** What each entry of the package exports, by the file of src/client that has it. */
const ENTRIES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  client: {
    'credential-source': ['createCredentialSource', 'type CredentialSourceOptions'],
    credential: ['type Credential', 'type CredentialSource', 'type Target'],
    'broker-error': ['BrokerError'],
    'for-ali-oss': ['forAliOss'],
  },
  'client/alicloud': { 'for-alicloud': ['forAlicloud'] },
  'client/aws': { 'for-aws': ['forAws'] },
};

/** Ends the README. */
const ABOUT_THE_REST = `
## The command line

The package also has the program \`oss-token-broker\`. \`oss-token-broker --help\` lists its commands: some get
credentials for callers, the others are for who writes and deploys \`broker.yaml\`. The broker itself, and the
pages that its messages name as \`docs/…\`, are in the source of the project.
`;

await replaceFolder(OUT, async (folder) => {
  mkdirSync(join(folder, 'client'));
  await writeClient(folder);
  writeTypes(folder);
  const { operator } = await buildCli(join(folder, CLI));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(toManifest(), null, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), toReadme(readFileSync('docs/client.md', 'utf8')));
  for (const name of ['LICENSE', 'CHANGELOG.md', 'broker.schema.json']) {
    copyFileSync(name, join(folder, name));
  }
  writeFileSync(join(folder, LAST_FILE), collectLicences(operator));
});

async function writeClient(folder: string): Promise<void> {
  for (const [entry, files] of Object.entries(ENTRIES)) {
    await build({
      stdin: {
        contents: toExports(files, (name) => `./src/client/${name}.ts`),
        resolveDir: '.',
        loader: 'ts',
      },
      bundle: true,
      minify: true,
      format: 'esm',
      // older than AbortSignal.any, which the kit needs
      target: 'es2022',
      outfile: join(folder, `${pathOf(entry)}.js`),
    });
  }
}

/** What a browser has, and Node too: the compiler must find nothing else in the kit. */
function typesConfig(folder: string): object {
  return {
    extends: resolve('tsconfig.json'),
    compilerOptions: {
      rootDir: resolve('src/client'),
      outDir: resolve(folder),
      lib: ['ES2023', 'DOM', 'DOM.Iterable'],
      types: [],
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
    },
    include: [],
    files: Object.values(ENTRIES).flatMap((files) =>
      Object.keys(files).map((name) => resolve(`src/client/${name}.ts`)),
    ),
  };
}

/** TypeScript writes one file for each of src/client. An index for each entry names what is public. */
function writeTypes(folder: string): void {
  const types = join(folder, 'client/types');
  const config = join(folder, 'tsconfig.json');
  writeFileSync(config, JSON.stringify(typesConfig(types)));
  execFileSync('node_modules/.bin/tsc', ['--project', config], { stdio: 'inherit' });
  rmSync(config);
  for (const name of readdirSync(types)) {
    const text = readFileSync(join(types, name), 'utf8');
    writeFileSync(join(types, name), text.replace(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'"));
  }
  for (const [entry, files] of Object.entries(ENTRIES)) {
    const text = toExports(files, (name) => `./types/${name}.js`);
    writeFileSync(join(folder, `${pathOf(entry)}.d.ts`), text);
  }
}

/** `client` is `client/index`, since the others are beside it. */
function pathOf(entry: string): string {
  return entry === 'client' ? 'client/index' : entry;
}

function toExports(
  files: Readonly<Record<string, readonly string[]>>,
  find: (name: string) => string,
): string {
  return Object.entries(files)
    .map(([file, names]) => `export { ${names.join(', ')} } from '${find(file)}';\n`)
    .join('');
}

/** The package needs no other at run time. */
function toManifest(): object {
  const { name, version, license, engines } = JSON.parse(readFileSync('package.json', 'utf8'));
  return {
    name,
    version,
    description: 'Short-lived Alibaba Cloud OSS credentials from an oss-token-broker',
    keywords: ['aliyun', 'alibaba-cloud', 'oss', 'sts', 'credentials'],
    license,
    type: 'module',
    engines,
    sideEffects: false,
    exports: {
      ...Object.fromEntries(
        Object.keys(ENTRIES).map((entry) => [
          `./${entry}`,
          { types: `./${pathOf(entry)}.d.ts`, default: `./${pathOf(entry)}.js` },
        ]),
      ),
      './package.json': './package.json',
    },
    bin: { [name]: CLI },
    files: ['client', 'bin', 'broker.schema.json', 'CHANGELOG.md', 'LICENSES.txt'],
  };
}

/** The other pages are not in the package, so links to them become their text. */
function toReadme(page: string): string {
  return `${page}${ABOUT_THE_REST}`.replace(/\[([^\]]+)\]\((?!https:|#)[^)]*\)/g, '$1');
}
