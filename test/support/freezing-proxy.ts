/** A TCP proxy whose connections can be made to go nowhere, as after a firewall forgot them. */
import { connect, createServer, type Socket } from 'node:net';

export interface FreezingProxy {
  readonly port: number;
  /** The connections there are stay open, and nothing passes through them any more. New ones work. */
  freeze(): void;
  close(): Promise<void>;
}

/** Starts a proxy to a port of this machine, asked for with each connection. Close it when done. */
export async function startFreezingProxy(targetPort: () => number): Promise<FreezingProxy> {
  const sockets = new Set<Socket>();
  const frozen = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(targetPort(), '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => frozen.has(from) || to.write(bytes));
      from.on('error', () => {});
      from.on('close', () => frozen.has(from) || to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    freeze() {
      for (const socket of sockets) frozen.add(socket);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
