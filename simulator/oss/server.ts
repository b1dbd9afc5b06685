/** Starts the simulated OSS on a loopback port. */
import { createServer } from 'node:http';
import { createSimulatedOss, type SimulatedOss, type SimulatedOssOptions } from './oss.ts';

export interface RunningOss extends SimulatedOss {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** `http://s3.localhost:<port>`, the endpoint for clients of S3, which refuses path style. */
  readonly s3Url: string;
  readonly port: number;
  /** Closes open connections too. */
  readonly close: () => Promise<void>;
}

/** Listens on 127.0.0.1, by default on a free port. */
export async function startSimulatedOss(
  options: SimulatedOssOptions & { readonly port?: number },
): Promise<RunningOss> {
  const oss = createSimulatedOss(options);
  const server = createServer((incoming, response) => {
    oss.handle(incoming, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('There is no TCP address.');
  return {
    ...oss,
    url: `http://127.0.0.1:${address.port}`,
    s3Url: `http://s3.localhost:${address.port}`,
    port: address.port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}
