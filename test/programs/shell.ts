/** The shells that people paste commands into. */
import { findOnPath, type Program } from './program.ts';

/** Throws if it is not on PATH. Some shells do not say their version, so it is not asked for. */
export async function findShell(name: string): Promise<Program> {
  const found = findOnPath(name);
  if (found === undefined) throw new Error('it is not on PATH');
  return found;
}
