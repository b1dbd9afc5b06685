/** Loads source credentials from a JSON file. */
import { readFile, stat } from 'node:fs/promises';
import type { SourceCredentials } from '../ports.ts';
import { parseCredentialJson } from './credential-json.ts';
import { LoadError, withCode } from './load-error.ts';

/** Reads the file once. Throws LoadErrors. */
export async function loadCredentialFile(path: string): Promise<SourceCredentials> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new LoadError(withCode('the file cannot be read', error));
  });
  return parseCredentialJson(text);
}

/** A text that changes whenever the file is written or replaced, as Kubernetes replaces mounted secrets. */
export async function readFileVersion(path: string): Promise<string> {
  const { mtimeNs, size, ino } = await stat(path, { bigint: true });
  return `${mtimeNs}.${size}.${ino}`;
}
