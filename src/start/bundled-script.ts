/** One file of the bundle as a script, compiled through V8's code cache where there is one. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

export interface BundledScripts {
  /** Runs a file of the bundle, once, and gives what it exports. */
  load(name: string): unknown;
  /** Every script that was compiled so far, by its file's name. */
  readonly scripts: ReadonlyMap<string, Script>;
}

/**
 * A cache is for one Node only. V8 checks its own version, but not that of the Node around it, and
 * two releases with the same V8 crash on each other's caches.
 */
export const CACHE_SUFFIX = `.${process.version}-${process.arch}.cache`;

/** Files that Node itself loads, since only a module of Node's own can import others. */
const NATIVE = ['./import-module.cjs'];

/**
 * Loads files of one folder as Node would load CommonJS, each with its code cache beside it. V8
 * looks at a cache's version, flags and source, and compiles anew if it does not fit.
 */
export function createBundledScripts(folder: string): BundledScripts {
  const scripts = new Map<string, Script>();
  const loaded = new Map<string, { exports: unknown }>();
  const requireOther = createRequire(join(folder, 'main.cjs'));

  function load(name: string): unknown {
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const file = join(folder, name);
    const cachedData = readCache(`${file}${CACHE_SUFFIX}`);
    const source = `(function (exports, require, module) {${readFileSync(file, 'utf8')}\n})`;
    const script = new Script(source, {
      filename: file,
      ...(cachedData === undefined ? {} : { cachedData }),
    });
    scripts.set(name, script);
    const module = { exports: {} };
    loaded.set(name, module);
    const run: unknown = script.runInThisContext();
    if (typeof run !== 'function') throw new Error(`${name} is not a file of the bundle`);
    run(module.exports, requireFrom, module);
    return module.exports;
  }

  function requireFrom(id: string): unknown {
    const isOwn = id.startsWith('./') && !NATIVE.includes(id);
    return isOwn ? load(id.slice(2)) : requireOther(id);
  }

  return { load, scripts };
}

function readCache(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
