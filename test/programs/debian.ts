/** Packages of Debian, unpacked into a folder for tests. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from './program.ts';

/** For everything that apt-get does, so that a machine without network is not waited for. */
const DOWNLOAD_MS = 90_000;

/** Throws on a machine that has no Debian packages. */
export function mayUnpackDebian(): void {
  if (findOnPath('apt-get') === undefined || findOnPath('dpkg-deb') === undefined) {
    throw new Error('it is not on PATH, and there is no apt-get to get it with');
  }
}

/**
 * Installs nothing: that would take root, and would start a Redis for the whole machine. apt-get
 * works in a folder of its own, and leaves the machine as it was.
 */
export async function unpackDebian(
  folder: string,
  packages: readonly string[],
  needs: 'with what they need' | 'alone' = 'with what they need',
): Promise<void> {
  const archives = join(folder, 'archives');
  const lists = join(folder, 'lists');
  // it stays empty where the machine has the libraries
  await mkdir(join(folder, 'usr', 'lib'), { recursive: true });
  await mkdir(join(archives, 'partial'), { recursive: true });
  await mkdir(join(lists, 'partial'), { recursive: true });
  await download(packages, needs, { cache: folder, archives, lists });
  const files = (await readdir(archives)).filter((name) => name.endsWith('.deb'));
  if (files.length === 0) throw new Error('it is not on PATH, and apt-get does not reach Debian');
  for (const name of files) await run('dpkg-deb', ['--extract', join(archives, name), folder]);
  await rm(archives, { recursive: true });
  await rm(lists, { recursive: true });
}

/** The packages, and all that they need and the machine does not have if that is wanted. */
async function download(
  packages: readonly string[],
  needs: 'with what they need' | 'alone',
  folders: { cache: string; archives: string; lists: string },
): Promise<void> {
  const settings = [
    `Dir::Cache=${folders.cache}`,
    `Dir::Cache::Archives=${folders.archives}`,
    `Dir::State::Lists=${folders.lists}`,
    // the machine's own locks are for those who change it
    'Debug::NoLocking=1',
    // another user might not be allowed to write here
    'APT::Sandbox::User=',
    'Acquire::Retries=0',
    'Acquire::http::Timeout=10',
    'Acquire::https::Timeout=10',
  ].flatMap((setting) => ['-o', setting]);
  const flags = ['--no-install-recommends', '--download-only', '--reinstall'];
  const command = needs === 'alone' ? ['download'] : ['-y', ...flags, 'install'];
  const cwd = folders.archives;
  const signal = AbortSignal.timeout(DOWNLOAD_MS);
  try {
    await run('apt-get', ['-qq', ...settings, 'update'], { signal });
    await run('apt-get', ['-qq', ...settings, ...command, ...packages], { cwd, signal });
  } catch (error) {
    const [reason = 'it takes too long'] = /^E: .*/m.exec(String(error)) ?? [];
    throw new Error(`it is not on PATH, and apt-get does not get it: ${reason}`, { cause: error });
  }
}

const run = promisify(execFile);
