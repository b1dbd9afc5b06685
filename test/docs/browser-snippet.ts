/** The browser's example as a module of Node, where ali-oss refreshes credentials as it does in a page. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type OSS from 'ali-oss';
import { type Block, ROOT } from './pages.ts';

/** What the example leaves to the page around it, and the address that everybody writes anew. */
export interface Surroundings {
  readonly brokerUrl: string;
  readonly getSubjectToken: () => Promise<string>;
  readonly file: unknown;
}

interface LoadedSnippet {
  readonly client: OSS;
  readonly prefix: string;
}

/** Inside the project, so that `ali-oss` is found; under node_modules, so that it is nobody's source. */
const FOLDER = `${ROOT}node_modules/.cache/docs-snippets`;
let loaded = 0;

/** The example with another broker, and with its client for the test to go on with. */
export function toModule({ text }: Block, brokerUrl: string): string {
  const line = "const BROKER_URL = 'https://broker.example.com';";
  if (!text.includes(line)) throw new Error(`the example must have the line ${line}`);
  const moved = text.replace(line, `const BROKER_URL = ${JSON.stringify(brokerUrl)};`);
  return `${moved}\nexport { client, prefix };\n`;
}

/** Runs the example to its end, its upload included. */
export async function loadSnippet(block: Block, around: Surroundings): Promise<LoadedSnippet> {
  Object.assign(globalThis, { getSubjectToken: around.getSubjectToken, file: around.file });
  loaded += 1;
  mkdirSync(FOLDER, { recursive: true });
  const path = `${FOLDER}/${process.pid}-${loaded}.mjs`;
  writeFileSync(path, toModule(block, around.brokerUrl));
  try {
    return await import(pathToFileURL(path).href);
  } finally {
    rmSync(path);
  }
}
