/** The port that a server listens on. */
import type { Server } from 'node:net';

/** Throws if it does not listen. */
export function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it has no port');
  return address.port;
}
