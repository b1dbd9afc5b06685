/** Checks that package.json, package-lock.json and .npmrc make an install bring exactly what was reviewed. */
import type { LockedPackage, Manifest } from './lockfile.ts';

const REGISTRY = 'https://registry.npmjs.org/';

/**
 * Packages whose install script was reviewed and is not needed. The first installs TypeScript on
 * Node 10 and 12, and does nothing on others. The second installs a WebAssembly build on platforms
 * without a binary. The third lets the esbuild command start without a Node process.
 */
const KNOWN_INSTALL_SCRIPTS: readonly string[] = [
  '@alicloud/openapi-core@1.0.8',
  '@swc/core@1.16.22',
  'esbuild@0.28.2',
];

/** Platform binaries of the linter, of knip's parser and of the import rules' parser. */
const PLATFORM_PACKAGE = /^(?:@biomejs\/cli|@oxc-parser\/binding|@swc\/core)-[a-z0-9-]+@/;

const EXACT_VERSION = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/**
 * Whether the lockfile may have no hash for the package: an optional binary of a development tool for
 * a platform other than CI's, which was missing from the registry that the lockfile was made from.
 */
export function isUnlockedPlatformPackage(one: LockedPackage): boolean {
  return (
    one.integrity === undefined &&
    one.resolved === undefined &&
    !one.isForProduction &&
    one.optional &&
    one.os.length > 0 &&
    PLATFORM_PACKAGE.test(one.id) &&
    !isForCi(one)
  );
}

/** Linux on x64 with glibc. */
function isForCi({ os, cpu, libc }: LockedPackage): boolean {
  return os.includes('linux') && cpu.includes('x64') && !libc.includes('musl');
}

/** One sentence per dependency of package.json that is not one exact version. */
export function findManifestProblems(manifest: Manifest): readonly string[] {
  return [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies]
    .flatMap((dependencies) => Object.entries(dependencies))
    .filter(([, spec]) => !EXACT_VERSION.test(spec))
    .map(([name, spec]) => `${name}: package.json asks for "${spec}", not for one exact version`);
}

/** One sentence per problem of a package in the lockfile. */
export function findLockfileProblems(packages: readonly LockedPackage[]): readonly string[] {
  return packages.flatMap((one) =>
    [...findSourceProblems(one), ...findScriptProblems(one)].map((what) => `${one.id}: ${what}`),
  );
}

/** An entry without `resolved` is allowed: its hash pins the bytes, and npm's settings choose the source. */
function findSourceProblems(one: LockedPackage): readonly string[] {
  if (one.link) return ['comes from a folder, not from the registry'];
  const problems = [];
  if (one.resolved !== undefined && !one.resolved.startsWith(REGISTRY)) {
    problems.push(`comes from ${one.resolved}, not from the registry`);
  }
  if (!isSha512(one.integrity) && !isUnlockedPlatformPackage(one)) {
    problems.push('has no sha512 integrity');
  }
  return problems;
}

/** npm uses the strongest of several hashes. A list of hashes is not accepted here; no package has one. */
function isSha512(integrity: string | undefined): boolean {
  return integrity !== undefined && /^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity);
}

/** An install script runs with the rights of the developer or of CI, before anyone has reviewed it. */
function findScriptProblems({ hasInstallScript, id }: LockedPackage): readonly string[] {
  if (!hasInstallScript || KNOWN_INSTALL_SCRIPTS.includes(id)) return [];
  return ['has an install script that was not reviewed'];
}

/** One sentence if this .npmrc lets packages run code during installation. */
export function findNpmrcProblems(npmrc: string): readonly string[] {
  const settings = npmrc.split('\n').filter((line) => /^\s*ignore-scripts\b/.test(line));
  if (settings.length === 1 && settings[0]?.trim() === 'ignore-scripts=true') return [];
  return ['.npmrc must say ignore-scripts=true exactly once'];
}
