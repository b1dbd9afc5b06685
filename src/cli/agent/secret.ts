/** The secret that clients of the agent must know. */
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import { CliError, EXIT } from '../system/cli-error.ts';

const BYTES = 32;
const FORM = /^[A-Za-z0-9_-]{32,256}$/;
const MAX_FILE_BYTES = 1024;

/** A new secret of 256 bits. */
export function makeSecret(): string {
  return randomBytes(BYTES).toString('base64url');
}

/** The secret in a file that others made. Throws a CliError that quotes nothing of it. */
export async function readSecret(path: string): Promise<string> {
  const bytes = Buffer.alloc(MAX_FILE_BYTES);
  try {
    const file = await open(path, 'r');
    const { bytesRead } = await file.read(bytes, 0, MAX_FILE_BYTES, 0).finally(() => file.close());
    const secret = bytes.toString('latin1', 0, bytesRead).trim();
    if (FORM.test(secret)) return secret;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw new CliError(EXIT.failed, `${path} cannot be read (${code}).`);
  }
  throw new CliError(
    EXIT.failed,
    `${path} must hold a secret of 32 to 256 letters, digits, hyphens and underscores.`,
  );
}
