import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { readAuditReport } from '../../tools/dependencies/advisories.ts';
import { findLicenceProblems } from '../../tools/dependencies/licences.ts';
import { listPackages, parseLockfile, parseManifest } from '../../tools/dependencies/lockfile.ts';
import {
  findLockfileProblems,
  findManifestProblems,
  findNpmrcProblems,
} from '../../tools/dependencies/lockfile-rules.ts';
import { createSbom } from '../../tools/dependencies/sbom.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readProjectFile = (name: string) => readFileSync(`${root}${name}`, 'utf8');

const GOOD = { version: '1.0.0', license: 'MIT', integrity: `sha512-${'A'.repeat(86)}==` };
const BINARY = { version: '1.0.0', dev: true, optional: true, os: ['darwin'], cpu: ['arm64'] };

/** The packages of a lockfile whose project needs `left` to run and `tool` to be built. */
const locked = (entries: Readonly<Record<string, object>>) =>
  listPackages(
    parseLockfile(
      JSON.stringify({
        lockfileVersion: 3,
        packages: {
          '': { dependencies: { left: '1.0.0' }, devDependencies: { tool: '1.0.0' } },
          ...Object.fromEntries(
            Object.entries(entries).map(([name, entry]) => [`node_modules/${name}`, entry]),
          ),
        },
      }),
    ),
  );

const licenceProblems = (license: unknown) =>
  findLicenceProblems(locked({ left: { ...GOOD, license } }));

describe('the lockfile rules', () => {
  it('pass packages from the registry, with and without its address', () => {
    const resolved = 'https://registry.npmjs.org/left/-/left-1.0.0.tgz';

    expect(findLockfileProblems(locked({ left: { ...GOOD, resolved }, tool: GOOD }))).toEqual([]);
  });

  it('report all problems at once, by name and version', () => {
    const problems = findLockfileProblems(
      locked({
        git: { ...GOOD, resolved: 'git+ssh://git@github.com/a/git.git#0123456' },
        elsewhere: { ...GOOD, resolved: 'https://registry.npmjs.org.example.com/elsewhere.tgz' },
        plain: { ...GOOD, resolved: 'http://registry.npmjs.org/plain/-/plain-1.0.0.tgz' },
        local: { ...GOOD, resolved: 'file:../local' },
        folder: { resolved: '../folder', link: true },
        loose: { version: '1.0.0', license: 'MIT' },
        weak: { ...GOOD, integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' },
        runs: { ...GOOD, hasInstallScript: true },
      }),
    );

    expect(problems).toEqual([
      'git@1.0.0: comes from git+ssh://git@github.com/a/git.git#0123456, not from the registry',
      'elsewhere@1.0.0: comes from https://registry.npmjs.org.example.com/elsewhere.tgz, not from the registry',
      'plain@1.0.0: comes from http://registry.npmjs.org/plain/-/plain-1.0.0.tgz, not from the registry',
      'local@1.0.0: comes from file:../local, not from the registry',
      'folder@?: comes from a folder, not from the registry',
      'loose@1.0.0: has no sha512 integrity',
      'weak@1.0.0: has no sha512 integrity',
      'runs@1.0.0: has an install script that was not reviewed',
    ]);
  });

  it('require an integrity for a binary that production needs, even if it is marked as dev', () => {
    const name = '@biomejs/cli-darwin-arm64';
    const left = { ...GOOD, optionalDependencies: { [name]: '1.0.0' } };

    expect(findLockfileProblems(locked({ left, [name]: BINARY }))).toEqual([
      `${name}@1.0.0: has no sha512 integrity`,
    ]);
  });

  it('accept a reviewed install script for one version only, so that an update is reviewed', () => {
    const esbuild = { ...GOOD, hasInstallScript: true };

    expect(findLockfileProblems(locked({ esbuild: { ...esbuild, version: '0.28.2' } }))).toEqual(
      [],
    );
    expect(findLockfileProblems(locked({ esbuild: { ...esbuild, version: '0.28.3' } }))).toEqual([
      'esbuild@0.28.3: has an install script that was not reviewed',
    ]);
  });

  it('require no integrity for a tool’s binary for another platform', () => {
    expect(findLockfileProblems(locked({ '@biomejs/cli-darwin-arm64': BINARY }))).toEqual([]);
  });

  it.each([
    [
      'CI installs',
      { ...BINARY, os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
      '@biomejs/cli-linux-x64',
    ],
    ['is for every platform', { ...BINARY, os: [] }, '@biomejs/cli-any'],
    ['is not optional', { ...BINARY, optional: false }, '@biomejs/cli-darwin-x64'],
    [
      'comes from an address',
      { ...BINARY, resolved: 'https://registry.npmjs.org/a.tgz' },
      '@biomejs/cli-darwin-x64',
    ],
    ['belongs to another tool', BINARY, '@example/cli-darwin-x64'],
  ])('require an integrity for a binary that %s', (_, entry, name) => {
    expect(findLockfileProblems(locked({ [name]: entry }))).toEqual([
      `${name}@1.0.0: has no sha512 integrity`,
    ]);
  });

  it.each([
    '^1.0.0',
    '~1.0.0',
    '1.x',
    '*',
    '',
    '>=1.0.0',
    'latest',
    '1.0.0 || 2.0.0',
    'file:../left',
    'github:a/left',
    'git+https://example.com/left.git',
    'npm:right@1.0.0',
  ])('report %o in package.json', (spec) => {
    const manifest = (version: string) =>
      parseManifest(
        JSON.stringify({ name: 'a', version: '1.0.0', devDependencies: { left: version } }),
      );

    expect(findManifestProblems(manifest('1.0.0-rc.1'))).toEqual([]);
    expect(findManifestProblems(manifest(spec))).toEqual([
      `left: package.json asks for "${spec}", not for one exact version`,
    ]);
  });

  it.each([
    '',
    'ignore-scripts=false\n',
    '# ignore-scripts=true\n',
    'ignore-scripts=true\nignore-scripts=false\n',
  ])('report the .npmrc %o, which lets install scripts run', (npmrc) => {
    expect(findNpmrcProblems('save-exact=true\nignore-scripts=true\n')).toEqual([]);
    expect(findNpmrcProblems(npmrc)).toHaveLength(1);
  });

  it('find the packages of production by their dependencies, not by the dev flag', () => {
    const packages = locked({
      left: { ...GOOD, dependencies: { deep: '1.0.0' } },
      'left/node_modules/deep': { ...GOOD, optionalDependencies: { shared: '1.0.0' } },
      deep: GOOD,
      shared: { ...GOOD, dev: true, peerDependencies: { left: '1.0.0' } },
      tool: { ...GOOD, dependencies: { deep: '1.0.0' } },
    });

    expect(packages.filter((one) => one.isForProduction).map(({ folder }) => folder)).toEqual([
      'node_modules/left',
      'node_modules/left/node_modules/deep',
      'node_modules/shared',
    ]);
  });
});

describe('the licence rules', () => {
  it.each([
    'MIT',
    'Apache-2.0',
    'Apache License 2.0',
    '(MIT OR GPL-3.0-only)',
    'GPL-3.0-only OR ISC',
    'MIT AND ISC',
    '(GPL-3.0-only OR MIT) AND ISC',
    'MIT OR GPL-3.0-only AND ISC',
  ])('allow %s for production', (license) => {
    expect(licenceProblems(license)).toEqual([]);
  });

  it.each([
    'GPL-3.0-only',
    'MPL-2.0',
    'UNLICENSED',
    'SEE LICENSE IN LICENSE',
    'MIT AND GPL-3.0-only',
    '(MIT OR ISC) AND GPL-3.0-only',
    '(GPL-3.0-only)',
    'GPL-2.0-only WITH Classpath-exception-2.0',
    'mit',
    '',
  ])('report %o for production', (license) => {
    expect(licenceProblems(license)).toEqual([
      `left@1.0.0: the licence ${license} is not allowed for production`,
    ]);
  });

  it.each([
    [undefined, '(none)'],
    [{ type: 'MIT' }, '(unreadable)'],
    [['GPL', 'MIT'], 'GPL, MIT'],
  ])('report the license member %o for production', (license, shown) => {
    expect(licenceProblems(license)).toEqual([
      `left@1.0.0: the licence ${shown} is not allowed for production`,
    ]);
  });

  it('allow more for tools, and report all problems at once', () => {
    const problems = findLicenceProblems(
      locked({
        left: { ...GOOD, license: 'MPL-2.0' },
        tool: { ...GOOD, license: 'MPL-2.0' },
        other: { ...GOOD, license: 'AGPL-3.0-only' },
      }),
    );

    expect(problems).toEqual([
      'left@1.0.0: the licence MPL-2.0 is not allowed for production',
      'other@1.0.0: the licence AGPL-3.0-only is not allowed for development',
    ]);
  });
});

describe('npm audit', () => {
  const report = (change: object) =>
    JSON.stringify({
      auditReportVersion: 2,
      vulnerabilities: {},
      metadata: { dependencies: { prod: 54 } },
      ...change,
    });
  const advisory = (severity: string) => ({
    vulnerabilities: {
      left: { severity, range: '<1.0.1', via: [{ title: 'Bad', url: 'https://example.com/1' }] },
    },
  });

  it.each(['high', 'critical', 'a severity unknown today'])(
    'fails the check for level "%s"',
    (level) => {
      expect(readAuditReport(report(advisory(level)))).toEqual({
        wereChecked: true,
        belowHigh: 0,
        problems: [`left <1.0.1: ${level}: Bad (https://example.com/1)`],
      });
    },
  );

  it.each(['info', 'low', 'moderate'])('only counts level "%s"', (level) => {
    expect(readAuditReport(report(advisory(level)))).toEqual({
      wereChecked: true,
      belowHigh: 1,
      problems: [],
    });
  });

  it.each([
    ['', 'npm audit wrote no report that this check can read'],
    ['{}', 'npm audit wrote no report that this check can read'],
    [report({ auditReportVersion: 3 }), 'npm audit wrote no report that this check can read'],
    [
      report({ metadata: { dependencies: { prod: 0 } } }),
      'npm audit wrote no report that this check can read',
    ],
    ['{"message":"503 Service\\nUnavailable"}', '503 Service Unavailable'],
    ['{"error":{"code":"ENOLOCK","summary":"This needs a lockfile"}}', 'This needs a lockfile'],
  ])('counts as not checked if its output is %o', (output, why) => {
    expect(readAuditReport(output)).toEqual({ wereChecked: false, why });
  });

  /** Runs the check as `npm run check` does, against a registry that gives this answer for advisories. */
  async function check(answer: { readonly status: number; readonly body: string }) {
    const registry = createServer((request, response) => {
      const asksForAdvisories = request.url === '/-/npm/v1/security/advisories/bulk';
      response.writeHead(asksForAdvisories ? answer.status : 404);
      response.end(asksForAdvisories ? answer.body : '');
    });
    await new Promise<void>((listening) => registry.listen(0, '127.0.0.1', listening));
    const address = registry.address();
    if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
    const environment = {
      ...process.env,
      npm_config_registry: `http://127.0.0.1:${address.port}/`,
    };
    try {
      return await new Promise<{ failed: boolean; output: string }>((resolve) => {
        execFile(
          process.execPath,
          ['node_modules/tsx/dist/cli.mjs', 'tools/check-dependencies.ts'],
          { cwd: root, env: environment },
          (error, stdout, stderr) => resolve({ failed: error !== null, output: stdout + stderr }),
        );
      });
    } finally {
      registry.close();
    }
  }

  it('passes the project if the registry has no advisory', async () => {
    const { failed, output } = await check({ status: 200, body: '{}' });

    expect(output).toContain('advisories: 0 of level high or more, 0 below\n');
    expect(failed).toBe(false);
  });

  it('fails the project if the registry has an advisory of level high', async () => {
    const { failed, output } = await check({
      status: 200,
      body: JSON.stringify({
        jose: [
          {
            id: 1,
            url: 'https://example.com/1',
            title: 'Takes any signature',
            severity: 'high',
            vulnerable_versions: '<=999.0.0',
          },
        ],
      }),
    });

    expect(output).toContain('high: Takes any signature (https://example.com/1)');
    expect(failed).toBe(true);
  });

  it('passes if the registry does not answer, and says that nothing was checked', async () => {
    const { failed, output } = await check({ status: 405, body: '' });

    // npm 10 then asks a second address, and reports the error of that one
    expect(output).toMatch(/^advisories: NOT CHECKED: 40[45] \w/m);
    expect(output).not.toContain('of level high');
    expect(failed).toBe(false);
  });
});

describe('the project', () => {
  const lockfile = parseLockfile(readProjectFile('package-lock.json'));
  const manifest = parseManifest(readProjectFile('package.json'));
  const packages = listPackages(lockfile);

  it('meets the rules', () => {
    expect([
      ...findLockfileProblems(packages),
      ...findLicenceProblems(packages),
      ...findManifestProblems(manifest),
      ...findNpmrcProblems(readProjectFile('.npmrc')),
    ]).toEqual([]);
  });

  it('has no pre or post script, since npm would skip it', () => {
    const { scripts } = JSON.parse(readProjectFile('package.json'));

    expect(Object.keys(scripts).filter((name) => /^(?:pre|post)/.test(name))).toEqual([]);
  });

  it('has a bill of materials with the packages of production only, each with address, hash and licence', () => {
    const sbom = JSON.parse(createSbom({ manifest, lockfile }));

    expect(sbom).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { type: 'application', name: 'oss-token-broker' } },
    });
    expect(
      sbom.components
        .map(({ name, version }: Record<string, string>) => `${name}@${version}`)
        .sort(),
    ).toEqual(
      packages
        .filter((one) => one.isForProduction)
        .map(({ id }) => id)
        .sort(),
    );
    for (const { name, version, purl, hashes, licenses } of sbom.components) {
      expect(purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${version}`);
      expect(hashes).toMatchObject([{ alg: 'SHA-512' }]);
      expect(licenses, name).toHaveLength(1);
    }
  });

  it('bundles only packages of production', async () => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: ['src/main.ts'],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'cjs',
      outdir: 'unwritten',
      // as in the build: an optional dependency of `debug`
      external: ['supports-color'],
    });
    const bundled = new Set(
      Object.keys(metafile.inputs).flatMap(
        (file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [],
      ),
    );
    const forProduction = new Set(
      packages.filter((one) => one.isForProduction).map(({ folder }) => folder),
    );

    expect(bundled).toContain('node_modules/jose');
    expect([...bundled].filter((folder) => !forProduction.has(folder))).toEqual([]);
  });
});
