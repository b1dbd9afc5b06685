/** Creates the CycloneDX bill of materials of production with `npm sbom`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spdxLicence } from './licences.ts';
import { type Lockfile, listPackages, type Manifest } from './lockfile.ts';

/**
 * Runs `npm sbom` on a copy of the project that has only the packages of production. `--omit=dev` is
 * not enough: npm 10 and 11 then omit packages that a development tool needs too, such as zod and
 * jose. Throws with npm's output if a package is missing.
 */
export function createSbom({
  manifest,
  lockfile,
}: {
  manifest: Manifest;
  lockfile: Lockfile;
}): string {
  const project = { ...manifest, devDependencies: {} };
  const root = { ...lockfile.packages[''], devDependencies: {} };
  const packages = listPackages(lockfile)
    .filter((one) => one.isForProduction)
    .map(({ folder, ...entry }) => [folder, { ...entry, license: spdxLicence(entry) }]);
  const parent = mkdtempSync(join(tmpdir(), 'sbom-'));
  try {
    // npm names the project after its folder
    const folder = join(parent, manifest.name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), JSON.stringify(project));
    writeFileSync(
      join(folder, 'package-lock.json'),
      JSON.stringify({ ...lockfile, packages: { '': root, ...Object.fromEntries(packages) } }),
    );
    const flags = ['--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
    return execFileSync('npm', ['sbom', ...flags], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    });
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}
