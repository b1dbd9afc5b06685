/** Starts the simulated STS on a loopback port. */
import { createServer } from 'node:http';
import { createSimulatedSts, type SimulatedSts, type SimulatedStsOptions } from './sts.ts';

export interface RunningSts extends SimulatedSts {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** `127.0.0.1:<port>`, the form of the SDK's `endpoint`. */
  readonly host: string;
  /** Closes open connections too. */
  readonly close: () => Promise<void>;
}

/** AssumeRoleWithOIDC may carry a token of 20,000 characters in its URL. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Listens on 127.0.0.1, by default on a free port. */
export async function startSimulatedSts(
  options: SimulatedStsOptions & { readonly port?: number },
): Promise<RunningSts> {
  const sts = createSimulatedSts(options);
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    sts.handle(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('There is no TCP address.');
  const host = `127.0.0.1:${address.port}`;
  return {
    ...sts,
    url: `http://${host}`,
    host,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}
