/** The files of the page. Its TypeScript is bundled when the page is first opened. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface Asset {
  readonly type: string;
  readonly content: string;
}

const fileAt = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const ALI_OSS = '../../node_modules/ali-oss/dist/aliyun-oss-sdk.min.js';

/** Reads each asset once, by its path. Undefined for a path that is none. */
export function createAssets(): (path: string) => Promise<Asset | undefined> {
  const read = new Map<string, Promise<Asset>>();
  return async function findAsset(path) {
    const make = MAKERS.get(path);
    if (make === undefined) return undefined;
    const asset = read.get(path) ?? make();
    read.set(path, asset);
    return asset;
  };
}

const MAKERS: ReadonlyMap<string, () => Promise<Asset>> = new Map([
  ['/', () => readText('page/index.html', 'text/html; charset=utf-8')],
  ['/style.css', () => readText('page/style.css', 'text/css; charset=utf-8')],
  ['/icon.svg', () => readText('page/icon.svg', 'image/svg+xml')],
  ['/ali-oss.js', () => readText(ALI_OSS, 'text/javascript; charset=utf-8')],
  ['/page.js', bundlePage],
]);

async function readText(path: string, type: string): Promise<Asset> {
  return { type, content: await readFile(fileAt(path), 'utf8') };
}

async function bundlePage(): Promise<Asset> {
  // most starts of npm run dev never need it
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [fileAt('page/main.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  const content = outputFiles.map(({ text }) => text).join('');
  return { type: 'text/javascript; charset=utf-8', content };
}
