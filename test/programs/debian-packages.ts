/** Unpacks packages of Debian into a folder, without installing them. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** For everything that apt-get does, so that a machine without network is not waited for. */
const DOWNLOAD_MS = 90_000;

/**
 * Installs nothing: that would take root, and would start servers for the whole machine. apt-get
 * works in a folder of its own, and leaves the machine as it was. `needs`: whether what the packages
 * need, and the machine does not have, is unpacked too.
 */
export async function unpackPackages(
  folder: string,
  packages: readonly string[],
  needs: 'too' | 'not' = 'too',
): Promise<void> {
  const archives = join(folder, 'archives');
  const lists = join(folder, 'lists');
  // it stays empty where the machine has the libraries
  await mkdir(join(folder, 'usr', 'lib'), { recursive: true });
  await mkdir(join(archives, 'partial'), { recursive: true });
  await mkdir(join(lists, 'partial'), { recursive: true });
  await download({ cache: folder, archives, lists }, packages, needs);
  const files = (await readdir(archives)).filter((name) => name.endsWith('.deb'));
  if (files.length === 0) throw new Error('it is not on PATH, and apt-get does not reach Debian');
  for (const name of files) await run('dpkg-deb', ['--extract', join(archives, name), folder]);
  await rm(archives, { recursive: true });
  await rm(lists, { recursive: true });
}

async function download(
  folders: { cache: string; archives: string; lists: string },
  packages: readonly string[],
  needs: 'too' | 'not',
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
  // one that the machine has is not in this folder, so that both are taken in any case
  const flags = ['--no-install-recommends', '--download-only', '--reinstall'];
  const command = needs === 'not' ? ['download'] : ['-y', ...flags, 'install'];
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
