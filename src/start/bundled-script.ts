/** Loads files of the bundle as scripts, with V8's code cache if there is one. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

export interface BundledScripts {
  /** Runs a file of the bundle on its first call, and returns its exports. */
  load(name: string): unknown;
  /** Every script that was compiled so far, by file name. */
  readonly scripts: ReadonlyMap<string, Script>;
}

/**
 * A cache works with one version of Node only. V8 checks its own version but not that of Node, and
 * two releases of Node with the same V8 crash on each other's caches.
 */
export const CACHE_SUFFIX = `.${process.version}-${process.arch}.cache`;

/** Files that Node itself loads, since only modules that Node loads can import other modules. */
const NATIVE = ['./import-module.cjs'];

/**
 * Loads files of one folder as Node loads CommonJS, each with the code cache next to it. V8 checks
 * the cache's version, flags and source, and compiles again if one of them differs. Node's own
 * `module.enableCompileCache` finds a cache by the path of the code, so one made at build time would
 * not be found on the platform.
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
