/** Reads package.json and package-lock.json, and finds the packages that production needs. */
import { z } from 'zod';

const specs = z.record(z.string(), z.string()).default({});
const names = z.array(z.string()).default([]);

const manifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  dependencies: specs,
  devDependencies: specs,
  optionalDependencies: specs,
});

const entrySchema = z.looseObject({
  /** Present only if it differs from the folder. */
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  /** A few old packages have a list. An unreadable value becomes a licence that is never allowed. */
  license: z
    .union([z.string(), z.array(z.string()).transform((list) => list.join(', '))])
    .optional()
    .catch('(unreadable)'),
  link: z.boolean().default(false),
  optional: z.boolean().default(false),
  os: names,
  cpu: names,
  libc: names,
  hasInstallScript: z.boolean().default(false),
  dependencies: specs,
  /** Present only for the project itself. */
  devDependencies: specs,
  optionalDependencies: specs,
  peerDependencies: specs,
});

const lockfileSchema = z.looseObject({
  lockfileVersion: z.literal(3),
  packages: z.record(z.string(), entrySchema),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Lockfile = z.infer<typeof lockfileSchema>;
type LockfileEntry = z.infer<typeof entrySchema>;

/** One installed package. `folder` is relative to the project's root. */
export interface LockedPackage extends LockfileEntry {
  readonly folder: string;
  /** `name@version` */
  readonly id: string;
  readonly isForProduction: boolean;
}

/** Throws if the text is not a package.json. */
export function parseManifest(text: string): Manifest {
  return manifestSchema.parse(JSON.parse(text));
}

/** Throws if the text is not a package-lock.json of version 3. */
export function parseLockfile(text: string): Lockfile {
  return lockfileSchema.parse(JSON.parse(text));
}

/** Every package except the project itself. */
export function listPackages(lockfile: Lockfile): readonly LockedPackage[] {
  const production = findProductionFolders(lockfile);
  return Object.entries(lockfile.packages)
    .filter(([folder]) => folder !== '')
    .map(([folder, entry]) => ({
      ...entry,
      folder,
      id: `${entry.name ?? folder.split('node_modules/').at(-1)}@${entry.version ?? '?'}`,
      isForProduction: production.has(folder),
    }));
}

/**
 * Follows the dependencies of the project as Node resolves them. The `dev` flag of an entry is not
 * used: an attacker who can add a package to the lockfile can also set its flag.
 */
function findProductionFolders({ packages }: Lockfile): ReadonlySet<string> {
  const found = new Set<string>(['']);
  // iteration over a Set includes members that are added meanwhile
  for (const folder of found) {
    const entry = packages[folder];
    const needed = {
      ...entry?.dependencies,
      ...entry?.optionalDependencies,
      ...entry?.peerDependencies,
    };
    for (const name of Object.keys(needed)) {
      const at = ancestorsOf(folder)
        .map((ancestor) => `${ancestor}node_modules/${name}`)
        .find((candidate) => Object.hasOwn(packages, candidate));
      if (at !== undefined) found.add(at);
    }
  }
  found.delete('');
  return found;
}

/** `node_modules/a/node_modules/b` → `node_modules/a/node_modules/b/`, `node_modules/a/`, and the root, ``. */
function ancestorsOf(folder: string): readonly string[] {
  if (folder === '') return [''];
  return [
    `${folder}/`,
    ...ancestorsOf(folder.slice(0, folder.lastIndexOf('node_modules/')).replace(/\/$/, '')),
  ];
}
