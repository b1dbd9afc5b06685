/** Loads source credentials from the operator's own JavaScript module. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SourceCredentials } from '../ports.ts';
import { readCredentials } from './credential-json.ts';
import { importModule } from './import-module.ts';
import { LoadError, withCode } from './load-error.ts';

/** The method has the same name in the providers of `@alicloud/credentials`; it may be asynchronous. */
interface CredentialModule {
  readonly getCredentials: () => unknown;
}

/**
 * Imports a module and calls its `getCredentials`, an export or a member of its default export.
 * Throws LoadErrors, which quote nothing that the module returned or threw.
 */
export async function loadFromModule(path: string): Promise<SourceCredentials> {
  const imported = await importModule(pathToFileURL(resolve(path)).href).catch(
    (error: unknown): never => {
      throw new LoadError(withCode('the module cannot be imported', error));
    },
  );
  const source = findSource(imported);
  if (source === undefined) throw new LoadError('the module exports no getCredentials');
  return readCredentials(await callSource(source));
}

async function callSource(source: CredentialModule): Promise<unknown> {
  try {
    return await source.getCredentials();
  } catch (error) {
    throw new LoadError(withCode('its getCredentials threw', error));
  }
}

function findSource(imported: unknown): CredentialModule | undefined {
  return [imported, member(imported, 'default')].find(hasGetCredentials);
}

function hasGetCredentials(value: unknown): value is CredentialModule {
  return typeof member(value, 'getCredentials') === 'function';
}

function member(value: unknown, name: string): unknown {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject ? Reflect.get(value, name) : undefined;
}
