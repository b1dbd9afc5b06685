/** redis-server for tests: the one on PATH, or else that of Debian, unpacked beside the project's packages. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unpackPackages } from './debian-packages.ts';
import { canStart, findNamedBy, findOnPath, type Program, unpackOnce } from './program.ts';

const PACKAGES = ['redis-server', 'redis-tools'];

/** The one that `REDIS_SERVER` names, else one on PATH, else that of Debian. Throws why there is none. */
export async function findRedisServer(): Promise<Program> {
  const named = await findNamedBy('REDIS_SERVER');
  if (named !== undefined) return named;
  const onPath = findOnPath('redis-server');
  if (onPath !== undefined && (await canStart(onPath))) return onPath;
  if (findOnPath('apt-get') === undefined || findOnPath('dpkg-deb') === undefined) {
    throw new Error('it is not on PATH, and there is no apt-get to get it with');
  }
  return unpackOnce('redis-server', (folder) => unpackPackages(folder, PACKAGES), programIn);
}

function programIn(folder: string): Program {
  const libraries = join(folder, 'usr', 'lib');
  const folders = [libraries, ...readdirSync(libraries).map((name) => join(libraries, name))];
  return {
    path: join(folder, 'usr', 'bin', 'redis-server'),
    environment: { LD_LIBRARY_PATH: folders.join(':') },
  };
}
