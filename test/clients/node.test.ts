/** The example for Node, with the package that is published and ali-oss. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { ROOT } from '../programs/program.ts';
import { checkUploads } from './support/check-uploads.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

let world: ClientWorld;
let folder: string;

beforeAll(async () => {
  world = await startClientWorld();
  // under node_modules, where ali-oss is found
  const cache = join(ROOT, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, 'example-node-'));
  const installed = join(folder, 'node_modules', 'oss-token-broker');
  execFileSync(process.execPath, ['--import', 'tsx', 'tools/build-package.ts', installed], {
    cwd: ROOT,
  });
  copyFileSync(join(ROOT, 'examples/node/upload.mjs'), join(folder, 'upload.mjs'));
}, 60_000);

afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

describe('ali-oss and the client kit', () => {
  checkUploads('node', () => world, {
    hasMultipart: true,
    command: (environment, args) => ({
      path: process.execPath,
      args: [join(folder, 'upload.mjs'), ...args],
      environment,
    }),
  });
});
