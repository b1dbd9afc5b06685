/** What package.json, package-lock.json and .npmrc must hold so that an install brings what was reviewed. */
import type { LockedPackage, Manifest } from './lockfile.ts';

const REGISTRY = 'https://registry.npmjs.org/';

/**
 * Packages whose install script somebody read, and nothing needs it. The first installs TypeScript
 * on Node 10 and 12, and does nothing on others. The second installs a WebAssembly build where there
 * is no binary for the platform. The third saves esbuild the start of a Node.
 */
const KNOWN_INSTALL_SCRIPTS: readonly string[] = [
  '@alicloud/openapi-core@1.0.8',
  '@swc/core@1.16.22',
  'esbuild@0.28.2',
];

/** Binaries of the linter, of knip's parser and of the import rules' parser for other platforms than the lockfile was made on. */
const PLATFORM_PACKAGE = /^(?:@biomejs\/cli|@oxc-parser\/binding|@swc\/core)-[a-z0-9-]+@/;

const EXACT_VERSION = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/**
 * Whether the lockfile may know nothing of its bytes: an optional binary of a development tool for
 * another platform than CI's, which the registry that the lockfile was made from did not have.
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

/** A sentence for each dependency of package.json that is anything but one exact version. */
export function findManifestProblems(manifest: Manifest): readonly string[] {
  return [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies]
    .flatMap((dependencies) => Object.entries(dependencies))
    .filter(([, spec]) => !EXACT_VERSION.test(spec))
    .map(([name, spec]) => `${name}: package.json asks for "${spec}", which is not one version`);
}

/** A sentence for each thing that is wrong with a package of the lockfile. */
export function findLockfileProblems(packages: readonly LockedPackage[]): readonly string[] {
  return packages.flatMap((one) =>
    [...findSourceProblems(one), ...findScriptProblems(one)].map((what) => `${one.id}: ${what}`),
  );
}

/** A lockfile without `resolved` names bytes and leaves it to npm's settings where they come from. */
function findSourceProblems(one: LockedPackage): readonly string[] {
  if (one.link) return ['comes from a folder, not from the registry'];
  const problems = [];
  if (one.resolved !== undefined && !one.resolved.startsWith(REGISTRY)) {
    problems.push(`comes from ${one.resolved}, not from the registry`);
  }
  if (!isSha512(one.integrity) && !isUnlockedPlatformPackage(one)) {
    problems.push('has no integrity of sha512');
  }
  return problems;
}

/** Of several hashes npm takes the strongest, but nothing here has several. */
function isSha512(integrity: string | undefined): boolean {
  return integrity !== undefined && /^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity);
}

/** An install script runs with all that the developer or CI may do, before anybody looked at it. */
function findScriptProblems({ hasInstallScript, id }: LockedPackage): readonly string[] {
  if (!hasInstallScript || KNOWN_INSTALL_SCRIPTS.includes(id)) return [];
  return ['has an install script that nobody has looked at'];
}

/** A sentence if this .npmrc lets packages run code as they are installed. */
export function findNpmrcProblems(npmrc: string): readonly string[] {
  const settings = npmrc.split('\n').filter((line) => /^\s*ignore-scripts\b/.test(line));
  if (settings.length === 1 && settings[0]?.trim() === 'ignore-scripts=true') return [];
  return ['.npmrc must say ignore-scripts=true, once'];
}
