/** Where clients are installed, and how: once for each content of the files that pin them. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../programs/program.ts';

export const EXAMPLES = join(ROOT, 'examples');

/** `npm ci` empties the folder that is taken by default. */
export const CACHE = join(
  process.env['XDG_CACHE_HOME'] ?? join(ROOT, 'node_modules', '.cache'),
  'oss-token-broker-clients',
);

/** Longer than any install takes; a registry that does not answer must not stop the run for good. */
const INSTALL_MS = 10 * 60_000;

/**
 * The folder that `fill` has filled, in this run or in one before, for these contents of these files
 * of the project. It gets its name once it is whole. Throws what the installer says.
 */
export async function installOnce(
  name: string,
  files: readonly string[],
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(ROOT, file)));
  const whole = join(CACHE, `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (await isThere(whole)) return whole;
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(`${whole}-`);
  try {
    await fill(folder);
    await rename(folder, whole);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    // another run was faster
    if (!(await isThere(whole))) throw error;
  }
  return whole;
}

/** Runs an installer to its end. Throws its last words. */
export async function runInstaller(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly environment?: Readonly<Record<string, string>> },
): Promise<string> {
  const env = { ...process.env, ...options.environment };
  const running = promisify(execFile)(command, args, {
    cwd: options.cwd,
    env,
    timeout: INSTALL_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  return running.then(
    ({ stdout }) => stdout,
    (error: unknown) => {
      throw new Error(`${command} ${args[0]}: ${lastWords(error)}`);
    },
  );
}

function lastWords(error: unknown): string {
  const said = error instanceof Error ? error : new Error(String(error));
  const streams = ['stderr', 'stdout'].map((name) => String(Reflect.get(said, name) ?? ''));
  const lines = streams.join('\n').trim().split('\n');
  return lines.slice(-3).join(' ') || said.message;
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
