/** promtool of Prometheus for tests: the one on PATH, or else that of Debian, unpacked beside the project's packages. */
import { join } from 'node:path';
import { unpackPackages } from './debian-packages.ts';
import { canStart, findNamedBy, findOnPath, type Program, unpackOnce } from './program.ts';

/** The one that `PROMTOOL` names, else one on PATH, else that of Debian. Throws why there is none. */
export async function findPromtool(): Promise<Program> {
  const named = await findNamedBy('PROMTOOL');
  if (named !== undefined) return named;
  const onPath = findOnPath('promtool');
  if (onPath !== undefined && (await canStart(onPath))) return onPath;
  if (findOnPath('apt-get') === undefined || findOnPath('dpkg-deb') === undefined) {
    throw new Error('it is not on PATH, and there is no apt-get to get it with');
  }
  // it is one file, and what its package needs is for the pages of the server
  const fill = (folder: string) => unpackPackages(folder, ['prometheus'], 'not');
  return unpackOnce('prometheus', fill, (folder) => ({
    path: join(folder, 'usr', 'bin', 'promtool'),
    environment: {},
  }));
}
