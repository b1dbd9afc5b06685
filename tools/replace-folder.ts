/** Replaces the folder of a build once the new build is whole. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Each build writes it last, so a folder that has it is from a build. */
export const LAST_FILE = 'LICENSES.txt';

/**
 * Calls `write` with an empty folder, which takes the place of `out` when it is done. If it rejects, `out` stays
 * as it was. Throws if `out` holds what no build wrote, so that a wrong argument deletes nothing. Removes no other
 * folder beside `out` than its own.
 */
export async function replaceFolder(
  out: string,
  write: (folder: string) => Promise<void>,
): Promise<void> {
  const target = resolve(out);
  if (!mayReplace(target)) throw new Error(`${target} is not a folder of a build`);
  mkdirSync(dirname(target), { recursive: true });
  // beside it, because a folder cannot be renamed to another file system; only its owner may read it
  const own = mkdtempSync(`${target}.partial-`);
  try {
    // may be read as the umask says, like every folder
    const partial = join(own, 'new');
    mkdirSync(partial);
    await write(partial);
    rmSync(target, { recursive: true, force: true });
    renameSync(partial, target);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** `dist` and what is in it, a folder that is not there or empty, and one of a build. Never one around the project. */
function mayReplace(target: string): boolean {
  const fromHere = relative('.', target);
  if (fromHere === '' || /^(?:\.\.[\\/]?)+$/.test(fromHere)) return false;
  if (/^dist(?:[\\/]|$)/.test(fromHere) || !existsSync(target)) return true;
  return readdirSync(target).length === 0 || existsSync(join(target, LAST_FILE));
}
