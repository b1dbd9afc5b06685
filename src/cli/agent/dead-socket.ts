/** Removes the Unix socket of a process that was killed. */
import { lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { systemErrorCode } from '../../lib/system-error-code.ts';

/** Removes the socket if nobody listens on it. Leaves everything else where it is. Never throws. */
export async function removeDeadSocket(path: string): Promise<void> {
  const isSocket = await lstat(path).then(
    (there) => there.isSocket(),
    () => false,
  );
  if (!isSocket) return;
  const problem = await new Promise<unknown>((resolve) => {
    const connection = connect(path, () => {
      connection.destroy();
      resolve(undefined);
    });
    connection.once('error', resolve);
  });
  if (systemErrorCode(problem) === 'ECONNREFUSED') await rm(path, { force: true }).catch(() => {});
}
