/** Chooses ports: the usual one, so that addresses stay the same from start to start, or any free one. */
import { createServer } from 'node:net';
import { systemErrorCode } from '../../src/lib/system-error-code.ts';

/** Why nothing can listen on that port of this machine, such as `EADDRINUSE`; undefined if it can. */
export async function findPortProblem(port: number): Promise<string | undefined> {
  const probe = createServer();
  const problem = await new Promise<string | undefined>((resolve) => {
    probe.once('error', (error) => resolve(systemErrorCode(error) ?? 'no reason'));
    probe.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  await new Promise((resolve) => probe.close(resolve));
  return problem;
}

/** The usual port, or 0 for any free port if the usual one is taken. */
export async function usualPort(usual: number): Promise<number> {
  return (await findPortProblem(usual)) === undefined ? usual : 0;
}
