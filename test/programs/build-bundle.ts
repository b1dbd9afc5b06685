/** Builds the broker once for a run of the tests, as `npm run build` does. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findNode } from '../../tools/node-binaries.ts';
import type { Bundle } from '../support/bundle.ts';
import { ROOT } from './program.ts';

export interface BuiltBundle {
  readonly bundle: Bundle;
  remove(): Promise<void>;
}

/** In a folder of its own, so that several runs can stand beside each other. Throws what the build says. */
export async function buildBundle(): Promise<BuiltBundle> {
  const cache = join(ROOT, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'bundle-'));
  const args = ['--import', 'tsx', 'tools/build.ts', folder];
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  } catch (error) {
    await remove();
    throw error;
  }
  const node = findNode('shipped') ?? process.execPath;
  return { bundle: { node, main: join(folder, 'main.cjs') }, remove };
}
