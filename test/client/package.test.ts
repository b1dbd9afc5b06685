/** The package as a user gets it: packed, installed into an empty project, type-checked and run. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { COMMANDS } from '../../src/cli/commands/commands.ts';
import { buildCli } from '../../tools/build-cli.ts';
import { startTestBroker } from '../support/broker.ts';

const run = promisify(execFile);
const TSC = resolve('node_modules/.bin/tsc');

let folder: string;
let project: string;
let packed: readonly string[];
/** The files that the program for operators was made of. */
let bundled: readonly string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'package-'));
  project = join(folder, 'project');
  mkdirSync(project);
  await run(process.execPath, ['--import', 'tsx', 'tools/build-package.ts', join(folder, 'built')]);
  ({ operator: bundled } = await buildCli(join(folder, 'again/cli.cjs')));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: join(folder, 'built'),
  });
  const [{ filename, files }] = JSON.parse(stdout);
  packed = files.map(({ path }: { readonly path: string }) => path);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  await run('npm', ['install', '--offline', '--no-audit', join(folder, filename)], {
    cwd: project,
  });
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

const installed = (name: string) =>
  readFileSync(join(project, 'node_modules/oss-token-broker', name), 'utf8');
const write = (name: string, text: string) => writeFileSync(join(project, name), text);

describe('the package', () => {
  it('has the command line, the kit, its types and its pages, and nothing else', () => {
    expect([...packed].sort()).toEqual(
      [
        'bin/operator.cjs',
        'bin/oss-token-broker.cjs',
        'CHANGELOG.md',
        'broker.schema.json',
        'LICENSE',
        'LICENSES.txt',
        'README.md',
        'package.json',
        ...['alicloud', 'aws', 'index'].flatMap((name) => [
          `client/${name}.d.ts`,
          `client/${name}.js`,
        ]),
        ...[
          'broker-error',
          'credential-source',
          'credential',
          'exchange',
          'for-alicloud',
          'for-ali-oss',
          'for-aws',
          'read-answer',
        ].map((name) => `client/types/${name}.d.ts`),
      ].sort(),
    );
  });

  it('brings no other package', () => {
    const manifest = JSON.parse(installed('package.json'));
    const lockfile = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));

    expect(Object.keys(lockfile.packages)).toEqual(['', 'node_modules/oss-token-broker']);
    expect(
      Object.keys(manifest).filter((key) => /dependencies|scripts|private/i.test(key)),
    ).toEqual([]);
    expect(manifest).toMatchObject({ name: 'oss-token-broker', license: 'MIT', type: 'module' });
  });

  it('has a kit of less than 2 kB gzipped, which loads nothing', () => {
    const kit = installed('client/index.js');

    expect(gzipSync(kit).length).toBeLessThan(2048);
    expect(kit).not.toMatch(/\bimport\b|\brequire\b|\bprocess\b|\bBuffer\b/);
  });

  it('has the version at the top of its changelog, and links that lead somewhere', () => {
    const { version } = JSON.parse(installed('package.json'));

    expect(/^## (\S+)/m.exec(installed('CHANGELOG.md'))?.[1]).toBe(version);
    expect(installed('README.md')).not.toMatch(/\]\((?!https:|#)/);
  });
});

describe('the command line of the package', () => {
  const npx = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    run('npx', ['--no', '--', 'oss-token-broker', ...args], {
      cwd: project,
      env: {
        PATH: process.env['PATH'],
        HOME: project,
        npm_config_offline: 'true',
        npm_config_update_notifier: 'false',
        ...environment,
      },
    });

  it('says which version it is', async () => {
    const { stdout, stderr } = await npx(['--version']);

    expect({ stdout, stderr }).toEqual({
      stdout: `${JSON.parse(installed('package.json')).version}\n`,
      stderr: '',
    });
  });

  it('gets a credential', async () => {
    const broker = await startTestBroker();
    const environment = {
      OSS_TOKEN_BROKER_URL: broker.url,
      OSS_TOKEN_BROKER_TOKEN: await broker.issuer.token(),
    };
    const { stdout, stderr } = await npx(['get', '--format', 'ossutil'], environment);
    const { body } = await broker.ask();
    await broker.close();

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ SecurityToken: body['SecurityToken'] });
  });
});

const TYPED = `
import { BrokerError, createCredentialSource, forAliOss } from 'oss-token-broker/client';
import type { Credential, CredentialSource, Target } from 'oss-token-broker/client';
import { forAlicloud } from 'oss-token-broker/client/alicloud';
import { forAws } from 'oss-token-broker/client/aws';

const source: CredentialSource = createCredentialSource({
  url: 'https://broker.example.com',
  getSubjectToken: async ({ renew, signal }) => \`\${renew} \${signal.aborted}\`,
  grant: 'user-files',
  permissions: ['read'],
});
const credential: Credential = await source.get({ signal: AbortSignal.timeout(1000) });
const targets: readonly Target[] = credential.grant.targets;
const { bucket, refreshSTSToken } = await forAliOss(source);
const { stsToken }: { stsToken: string } = await refreshSTSToken();
const { securityToken } = await forAlicloud(source).getCredentials();
const { expiration }: { expiration: Date } = await forAws(source)();
const code = (error: unknown): string | undefined =>
  error instanceof BrokerError ? \`\${error.code} \${error.grants?.join()}\` : undefined;
export { bucket, code, expiration, securityToken, stsToken, targets };
// @ts-expect-error there is no such permission
createCredentialSource({ url: '', getSubjectToken: () => '', permissions: ['admin'] });
// @ts-expect-error a number is no URL
createCredentialSource({ url: 1, getSubjectToken: () => '' });
`;

describe('an operator who has the package and nothing else', () => {
  const operate = (...args: readonly string[]) =>
    run(process.execPath, ['node_modules/oss-token-broker/bin/oss-token-broker.cjs', ...args], {
      cwd: project,
      env: { PATH: process.env['PATH'], HOME: project },
    });
  const BROKER = 'acs:ram::123456789012:role/oss-token-broker';

  it('writes a config, checks, proves, sets up, compiles and explains it', async () => {
    const init = await operate(
      ...['init', 'auth0', '--issuer', 'https://example.eu.auth0.com/', '--folder', 'operated'],
      ...['--audience', 'https://files.example.com', '--bucket', 'app-media'],
      ...['--account', '123456789012', '--origin', 'https://app.example.com'],
    );
    const config = 'operated/broker.yaml';
    const check = await operate('check', config, '--strict');
    const proof = await operate('prove', '--config', config, '--format', 'json');
    const setup = await operate('setup', config, '--broker', BROKER);
    const compile = await operate('compile', config, 'operated/broker.json');
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: 'https://example.eu.auth0.com/', aud: 'https://files.example.com' };
    const times = { iat: now, exp: now + 600 };
    write('claims.json', JSON.stringify({ ...claims, ...times, sub: 'auth0|42' }));
    const explain = await operate('explain', config, '--claims', 'claims.json', '--format', 'json');

    // the next step is one that the package has; of the one that it has not, it says where that is
    expect(init.stderr).toContain(`oss-token-broker check ${config}`);
    expect(init.stderr.split('\n').filter((line) => line.includes('npm '))).toEqual([
      expect.stringContaining("in a copy of the project's source: npm ci && npm run build"),
    ]);
    expect(check.stdout).toBe(`${config}: 0 errors, 0 warnings, 0 notes\n`);
    expect(proof.stdout).toContain('oss://app-media/users/{user}/');
    expect(JSON.parse(setup.stdout)).toMatchObject({ broker: { arn: BROKER } });
    // the schema for editors is that of the program
    const validate = new Ajv2020({ strict: false }).compile(
      JSON.parse(installed('broker.schema.json')),
    );
    expect(validate(parse(readFileSync(join(project, config), 'utf8')))).toBe(true);
    expect(compile.stdout).toContain('operated/broker.json: written');
    expect(JSON.parse(readFileSync(join(project, 'operated/broker.json'), 'utf8'))).toMatchObject({
      buckets: [{ name: 'app-media' }],
    });
    expect(explain.stdout).toContain('oss://app-media/users/auth0|42/');
    const later = [check, proof, setup, compile, explain].map(({ stderr }) => stderr);
    expect(later).toEqual(['', '', '', '', '']);
  });

  it('finds every command in the changelog, and in the README where the pages are', () => {
    const named = [...COMMANDS.keys()].filter((name) =>
      installed('CHANGELOG.md').includes(`\`${name}\``),
    );

    expect(named).toEqual([...COMMANDS.keys()]);
    expect(installed('README.md')).toContain('oss-token-broker --help');
    expect(installed('README.md')).toContain('`docs/…`');
  });

  it('has a program without a simulator, a test, a tool or a package for development', () => {
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
    const isForDevelopment = (path: string) => lock.packages[path]?.dev === true;

    expect(bundled.length).toBeGreaterThan(300);
    expect(bundled.filter((path) => !/^(?:src|node_modules)\//.test(path))).toEqual([]);
    expect(
      bundled.filter((path) => {
        const [, name = ''] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
        return name !== '' && (lock.packages[name] === undefined || isForDevelopment(name));
      }),
    ).toEqual([]);
  });
});

describe('a project that installed the package', () => {
  it.each(['NodeNext', 'Bundler'])(
    'is type-checked as %s, with the types of a browser alone',
    async (resolution) => {
      const module = resolution === 'NodeNext' ? resolution : 'ESNext';
      write('typed.ts', TYPED);
      write(
        'tsconfig.json',
        JSON.stringify({
          compilerOptions: {
            module,
            moduleResolution: resolution,
            target: 'ES2022',
            lib: ['ES2022', 'DOM'],
            types: [],
            strict: true,
            exactOptionalPropertyTypes: true,
            noEmit: true,
          },
          files: ['typed.ts'],
        }),
      );
      const { stdout } = await run(TSC, [], { cwd: project }).catch((error) => error);

      expect(stdout).toBe('');
    },
  );

  it('gets a credential in Node', async () => {
    const broker = await startTestBroker();
    write(
      'use.js',
      `import { BrokerError, createCredentialSource, forAliOss } from 'oss-token-broker/client';
      import { forAlicloud } from 'oss-token-broker/client/alicloud';
      import { forAws } from 'oss-token-broker/client/aws';
      const [, , url, token] = process.argv;
      const source = createCredentialSource({ url, getSubjectToken: () => token });
      const { stsToken, bucket } = await forAliOss(source);
      const { securityToken } = await forAlicloud(source).getCredentials();
      const { sessionToken } = await forAws(source)();
      const wrong = createCredentialSource({ url, getSubjectToken: () => 'a.b.c' });
      const error = await wrong.get().catch((reason) => reason);
      console.log(JSON.stringify({
        bucket,
        isOne: stsToken.length > 100 && new Set([stsToken, securityToken, sessionToken]).size === 1,
        code: error instanceof BrokerError && error.code,
      }));`,
    );
    const { stdout } = await run(
      process.execPath,
      ['use.js', broker.url, await broker.issuer.token()],
      { cwd: project },
    );
    await broker.close();

    expect(JSON.parse(stdout)).toEqual({
      bucket: 'app-media',
      isOne: true,
      code: 'subject_token_invalid',
    });
  });
});
