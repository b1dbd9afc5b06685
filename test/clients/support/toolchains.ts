/** How the clients of each language are installed. Each returns the program to start and its environment. */
import { join } from 'node:path';
import { findOnPath, type Program } from '../../programs/program.ts';
import { EXAMPLES, installOnce, runInstaller } from './install.ts';

/** Python with the packages that `examples/<folder>/requirements.lock` pins by hash. */
export async function installPython(folder: string): Promise<Program> {
  const python = find('python3');
  const pins = join(folder, 'requirements.lock');
  const packages = await installOnce(`${folder}-packages`, [pins], async (target) => {
    const flags = ['--quiet', '--require-hashes', '--disable-pip-version-check', '--no-input'];
    const args = ['-m', 'pip', 'install', ...flags, '--target', target, '-r', pins];
    await runInstaller(python.path, args, { cwd: EXAMPLES });
  });
  // the examples' own folder must stay as it is
  return { ...python, environment: { PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' } };
}

/** Throws if it is not on PATH. */
export function find(name: string): Program {
  const found = findOnPath(name);
  if (found === undefined) throw new Error(`${name} is not on PATH`);
  return found;
}
