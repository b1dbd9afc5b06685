/** Compiles everything that runs in its own process, like the product: a TypeScript loader would slow down our code but no library. */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Each server under measurement, and where it is. The broker is the production entry. */
const SERVERS = {
  'node:http': 'servers/node-http.ts',
  hono: 'servers/hono.ts',
  'hono + jose': 'servers/hono-jose.ts',
  'hono + jose + STS SDK': 'servers/sts-sdk.ts',
  'sample of the docs': 'servers/docs-sample.ts',
  broker: '../../src/main.ts',
} as const;

export type ServerName = keyof typeof SERVERS;

export interface Scripts {
  readonly server: (name: ServerName) => string;
  readonly client: string;
  readonly measured: string;
  readonly sts: string;
}

/** The folder of everything that the bench writes for itself. */
export const WORK_FOLDER = fileURLToPath(
  new URL('../../node_modules/.cache/oss-token-broker/bench/', import.meta.url),
);

export async function buildScripts(): Promise<Scripts> {
  const sources = [...Object.values(SERVERS), 'client.ts', 'measured.ts', 'sts.ts'];
  rmSync(WORK_FOLDER, { recursive: true, force: true });
  await build({
    entryPoints: sources.map((source) => ({
      in: fileURLToPath(new URL(source, import.meta.url)),
      out: nameOf(source),
    })),
    outdir: WORK_FOLDER,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.10',
  });
  const built = (source: string) => `${WORK_FOLDER}${nameOf(source)}.mjs`;
  return {
    server: (name) => built(SERVERS[name]),
    client: built('client.ts'),
    measured: built('measured.ts'),
    sts: built('sts.ts'),
  };
}

function nameOf(source: string): string {
  return source.replace(/^.*\//, '').replace(/\.ts$/, '');
}
