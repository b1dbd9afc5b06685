/** Writes files that do not exist yet: all of them, or none. */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Never replaces what exists, not even a symbolic link to nothing. Throws the error of the system, and
 * then leaves no file.
 */
export function writeNewFiles(files: readonly NewFile[]): void {
  const ending = `.${randomBytes(6).toString('hex')}.tmp`;
  const made: string[] = [];
  try {
    for (const { path, text } of files) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}${ending}`, text, { flag: 'wx' });
    }
    for (const { path } of files) {
      linkSync(`${path}${ending}`, path);
      made.push(path);
    }
  } catch (error) {
    for (const path of made) rmSync(path, { force: true });
    throw error;
  } finally {
    for (const { path } of files) rmSync(`${path}${ending}`, { force: true });
  }
}
