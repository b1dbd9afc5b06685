/** Chooses ports: the usual one, so that addresses stay the same from start to start, or any free one. */
import { createServer } from 'node:net';

/** Whether nothing listens on that port of this machine. */
export async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  const free = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => resolve(true));
  });
  await new Promise((resolve) => probe.close(resolve));
  return free;
}

/** The usual port, or 0 for any free port if the usual one is taken. */
export async function usualPort(usual: number): Promise<number> {
  return (await isFree(usual)) ? usual : 0;
}
