/** A TCP proxy that can freeze its connections, as if a firewall had dropped their state. */
import { connect, createServer, type Socket } from 'node:net';

export interface FreezingProxy {
  readonly port: number;
  /** Present connections stay open but pass no more bytes. New connections work. */
  freeze(): void;
  close(): Promise<void>;
}

/** Starts a proxy to a port of this machine. `targetPort` is called for each connection. Close it when done. */
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
