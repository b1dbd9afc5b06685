/** Importing a module whose path is known only at run time. A file of its own: see bundled-script.ts. */

/** Imports the module at a `file:` URL, with whatever it exports. */
export function importModule(url: string): Promise<unknown> {
  return import(url);
}
