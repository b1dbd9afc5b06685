/** Writes files that only this user can read, at once or not at all. */
import { randomBytes } from 'node:crypto';
import { link, lstat, open, readFile, rename, rm } from 'node:fs/promises';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import { CliError, EXIT } from './cli-error.ts';

export interface PrivateFile {
  readonly path: string;
  readonly text: string;
  /** True: a file that somebody else made may be replaced. */
  readonly overwrite: boolean;
  /** The first line of files that this program made, where their format has comments. */
  readonly mark?: string;
}

export type Written = 'created' | 'renewed' | 'replaced';

/**
 * Writes the file with mode 0600. Whoever reads it sees the old content or the new one, never a part.
 * Renews a file that begins with the mark. Throws a CliError for every other file that exists, unless
 * `overwrite` is set.
 */
export async function writePrivateFile({
  path,
  text,
  overwrite,
  mark,
}: PrivateFile): Promise<Written> {
  const found = await lookAt(path, mark);
  if (found === 'foreign' && !overwrite) {
    throw new CliError(
      EXIT.failed,
      `${path} exists, and this program did not write it; --overwrite replaces it`,
    );
  }
  if (found === 'no file') throw new CliError(EXIT.failed, `${path} exists, and is not a file`);
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (found === 'nothing')
      await link(draft, path); // fails if the file appeared meanwhile
    else await rename(draft, path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw new CliError(EXIT.failed, `${path} cannot be written (${code})`);
  } finally {
    await rm(draft, { force: true });
  }
  if (found === 'nothing') return 'created';
  return found === 'own' ? 'renewed' : 'replaced';
}

async function lookAt(
  path: string,
  mark: string | undefined,
): Promise<'nothing' | 'own' | 'foreign' | 'no file'> {
  try {
    const there = await lstat(path);
    if (there.isSymbolicLink()) return 'foreign';
    if (!there.isFile()) return 'no file';
    const content = await readFile(path, 'utf8');
    return mark !== undefined && content.startsWith(`${mark}\n`) ? 'own' : 'foreign';
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return 'nothing';
    if (code === undefined) throw error;
    throw new CliError(EXIT.failed, `${path} cannot be read (${code})`);
  }
}
