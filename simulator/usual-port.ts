/** Listens on a usual port, so that addresses stay the same from start to start, or on any free one. */
import { systemErrorCode } from '../src/lib/system-error-code.ts';

/** Starts on the usual port, and on any free port if that is taken. */
export async function onUsualPort<Started>(
  usual: number,
  start: (port: number) => Promise<Started>,
): Promise<Started> {
  try {
    return await start(usual);
  } catch (error) {
    if (systemErrorCode(error) !== 'EADDRINUSE') throw error;
    return start(0);
  }
}
