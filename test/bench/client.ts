/** The load client in its own process: opens connections, sends loads over them, and closes them, as the bench tells it. */
import { type Connection, openConnection } from './connection.ts';
import { sendLoad } from './send-load.ts';

export type ClientMessage =
  | { readonly kind: 'open'; readonly port: number; readonly connections: number }
  | {
      readonly kind: 'load';
      /** Whole requests as latin1. */
      readonly requests: readonly string[];
      readonly status: number;
      readonly bodyBytes?: number | undefined;
    }
  | { readonly kind: 'close' };

let connections: readonly Connection[] = [];

async function perform(message: ClientMessage): Promise<object> {
  switch (message.kind) {
    case 'open':
      connections = await Promise.all(
        Array.from({ length: message.connections }, () => openConnection(message.port, fail)),
      );
      return {};
    case 'load': {
      const requests = message.requests.map((request) => Buffer.from(request, 'latin1'));
      return sendLoad(connections, { ...message, requests });
    }
    case 'close':
      for (const connection of connections) connection.close();
      return {};
  }
}

function fail(problem: string): void {
  process.stderr.write(`load client: ${problem}\n`);
  process.exit(1);
}

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ClientMessage) => {
  perform(message).then(
    (answer) => process.send?.(answer),
    (error: unknown) => fail(error instanceof Error ? error.message : 'failed'),
  );
});
