/** A program that tests start: where it is, whether it starts here, and how one is unpacked for them. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface Program {
  readonly path: string;
  /** What it needs in its environment beside what is there already. */
  readonly environment: Readonly<Record<string, string>>;
}

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `npm ci` empties it. */
const CACHE = join(ROOT, 'node_modules', '.cache');

const START_MS = 20_000;

/** The program of that name on PATH. */
export function findOnPath(name: string): Program | undefined {
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
  return path === undefined ? undefined : { path, environment: {} };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The program that a variable of the environment names, if it is set. Throws if that does not start. */
export async function findNamedBy(variable: string): Promise<Program | undefined> {
  const path = process.env[variable];
  if (path === undefined || path === '') return undefined;
  const program = { path, environment: {} };
  if (!(await canStart(program))) throw new Error(`${variable} is ${path}, which does not start`);
  return program;
}

/** Whether it says its version. It does not where its libraries are missing, or on another processor. */
export async function canStart({ path, environment }: Program): Promise<boolean> {
  const env = { ...process.env, ...environment };
  return promisify(execFile)(path, ['--version'], { env, timeout: START_MS }).then(
    () => true,
    () => false,
  );
}

/**
 * The program in a folder that `fill` has filled, in this run or in one before. The folder gets its
 * name once the program in it has started, so that a run which was ended halfway, or another run
 * beside this one, leaves no half of it. Throws if it does not start.
 */
export async function unpackOnce(
  name: string,
  fill: (folder: string) => Promise<void>,
  programIn: (folder: string) => Program,
): Promise<Program> {
  const whole = join(CACHE, name);
  if (await isFolder(whole)) return programIn(whole);
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(`${whole}-`);
  try {
    await fill(folder);
    if (!(await canStart(programIn(folder)))) throw new Error('what was unpacked does not start');
    await rename(folder, whole);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    // another run was faster
    if (!(await isFolder(whole))) throw error;
  }
  return programIn(whole);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
