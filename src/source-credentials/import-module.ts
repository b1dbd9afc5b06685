/** Imports a module whose path is known only at run time. It has its own file: see bundled-script.ts. */

/** Imports the module at a `file:` URL. */
export function importModule(url: string): Promise<unknown> {
  return import(url);
}
