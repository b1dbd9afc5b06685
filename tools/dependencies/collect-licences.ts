/** The licences of what a bundle holds. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The licence of every package that has a file in the bundle. Throws if a package has none. */
export function collectLicences(files: readonly string[]): string {
  const packages = new Set(files.flatMap((file) => packageFolder(file) ?? []));
  return [...packages]
    .sort()
    .map(describePackage)
    .join(`\n${'-'.repeat(79)}\n\n`);
}

/** The folder of the package that holds the file, e.g. `node_modules/@scope/name`, at any depth. */
export function packageFolder(file: string): string | undefined {
  const at = file.lastIndexOf('node_modules/');
  if (at === -1) return undefined;
  const [first = '', second = ''] = file.slice(at + 'node_modules/'.length).split('/');
  return (
    file.slice(0, at) + join('node_modules', first.startsWith('@') ? `${first}/${second}` : first)
  );
}

function describePackage(folder: string): string {
  const manifest: { name: string; version: string; license?: string } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined && manifest.license === undefined) {
    throw new Error(`${folder} has no licence`);
  }
  const text =
    file === undefined
      ? `Licence: ${manifest.license}\n`
      : readFileSync(join(folder, file), 'utf8');
  return `${manifest.name} ${manifest.version}\n\n${text}`;
}
