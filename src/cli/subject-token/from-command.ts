/** Runs a command that prints a subject token. */
import { spawn } from 'node:child_process';
import { readBounded } from '../../lib/read-bounded.ts';
import type { Environment } from '../system/machine.ts';
import { checkToken, noToken } from './token-problem.ts';

const TIMEOUT_MS = 60_000;
const MAX_BYTES = 16_384;

/**
 * Runs the command line in the shell of the system. Its standard error is the caller's, for questions
 * and messages. Throws a CliError if it fails or prints something else than a token.
 */
export async function tokenFromCommand(command: string, environment: Environment): Promise<string> {
  const child = spawn(command, {
    shell: true,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  const output = await readBounded(child.stdout, MAX_BYTES, () =>
    noToken(`the command prints more than ${MAX_BYTES} bytes.`),
  );
  const code = await ended;
  if (code !== 0)
    throw noToken(`the command ends with ${code === null ? 'a signal' : `exit code ${code}`}.`);
  return checkToken(output.toString('latin1'), 'the output of the command');
}
