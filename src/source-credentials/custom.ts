/** Source credentials of the operator's own making: a function or an object in code, or a module named in the config. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importModule } from '../start/import-module.ts';
import { readCredentials } from './credential-json.ts';
import { codeOfSystemError, LoadError } from './load-error.ts';
import type { SourceCredentials } from './source-credentials.ts';

/** Members as in code or as STS writes them; an expiration may be a Date, RFC 3339 text or seconds since the epoch. */
export type CustomSource =
  | (() => unknown)
  | {
      /** What `@alicloud/credentials` calls its providers' method; may be asynchronous. */
      readonly getCredentials: () => unknown;
    };

/** Asks a custom source. Throws LoadErrors, which hold nothing that the source gave or threw. */
export async function loadCustom(source: CustomSource): Promise<SourceCredentials> {
  let given: unknown;
  try {
    given = await (typeof source === 'function' ? source() : source.getCredentials());
  } catch (error) {
    const code = codeOfSystemError(error);
    throw new LoadError(`its getCredentials threw${code === undefined ? '' : ` (${code})`}`);
  }
  return readCredentials(given);
}

/** Imports a module and asks its `getCredentials`. Throws LoadErrors. */
export async function loadFromModule(path: string): Promise<SourceCredentials> {
  let imported: unknown;
  try {
    imported = await importModule(pathToFileURL(resolve(path)).href);
  } catch (error) {
    const code = codeOfSystemError(error);
    throw new LoadError(`the module cannot be imported${code === undefined ? '' : ` (${code})`}`);
  }
  const source = findSource(imported);
  if (source === undefined) throw new LoadError('the module exports no getCredentials');
  return loadCustom(source);
}

function findSource(imported: unknown): CustomSource | undefined {
  for (const candidate of [imported, member(imported, 'default')]) {
    if (hasGetCredentials(candidate)) return candidate;
  }
  return undefined;
}

function hasGetCredentials(value: unknown): value is { getCredentials: () => unknown } {
  return typeof member(value, 'getCredentials') === 'function';
}

function member(value: unknown, name: string): unknown {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject ? Reflect.get(value, name) : undefined;
}
