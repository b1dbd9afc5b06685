/** redis-server for tests: the one on PATH, or else that of Debian, unpacked beside the project's packages. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mayUnpackDebian, unpackDebian } from './debian.ts';
import { canStart, findNamedBy, findOnPath, type Program, unpackOnce } from './program.ts';

/** One that the machine has is not in the folder, so that both are taken in any case. */
const PACKAGES = ['redis-server', 'redis-tools'];

/** The one that `REDIS_SERVER` names, else one on PATH, else that of Debian. Throws why there is none. */
export async function findRedisServer(): Promise<Program> {
  const named = await findNamedBy('REDIS_SERVER');
  if (named !== undefined) return named;
  const onPath = findOnPath('redis-server');
  if (onPath !== undefined && (await canStart(onPath))) return onPath;
  mayUnpackDebian();
  return unpackOnce('redis-server', (folder) => unpackDebian(folder, PACKAGES), programIn);
}

function programIn(folder: string): Program {
  const libraries = join(folder, 'usr', 'lib');
  const folders = [libraries, ...readdirSync(libraries).map((name) => join(libraries, name))];
  return {
    path: join(folder, 'usr', 'bin', 'redis-server'),
    environment: { LD_LIBRARY_PATH: folders.join(':') },
  };
}
