/** Reads a subject token from a file. */
import { open } from 'node:fs/promises';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import { checkToken, noToken } from './token-problem.ts';

/** White space around a token is no part of it. */
const MAX_BYTES = 16_384;

/** Throws a CliError if the file holds none. */
export async function tokenFromFile(path: string): Promise<string> {
  const bytes = Buffer.alloc(MAX_BYTES);
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead } = await file.read(bytes, 0, MAX_BYTES, null);
      return checkToken(bytes.toString('latin1', 0, bytesRead), path);
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw noToken(`${path} cannot be read (${code}).`);
  }
}
