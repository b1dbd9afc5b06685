/** The load client of the bench: it counts nothing that is not the answer that was asked for. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openConnection } from './connection.ts';
import { sendLoad } from './send-load.ts';

const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const REQUESTS = Array.from({ length: 40 }, (_, n) => Buffer.from(`GET /${n} HTTP/1.1\r\n\r\n`));

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Answers the n-th request of all connections, beginning with 0. */
async function answering(answer: (socket: Socket, n: number) => void) {
  let received = 0;
  const server = createServer((socket) => {
    socket.on('data', () => answer(socket, received++));
    socket.on('error', () => {});
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  let onFailure: (problem: Error) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    onFailure = reject;
  });
  failure.catch(() => {});
  const connections = await Promise.all(
    Array.from({ length: 4 }, () => openConnection(port, (text) => onFailure(new Error(text)))),
  );
  return {
    received: () => received,
    async load(bodyBytes?: number) {
      try {
        const load = { requests: REQUESTS, status: 200, bodyBytes };
        return await Promise.race([sendLoad(connections, load), failure]);
      } finally {
        for (const connection of connections) connection.close();
      }
    },
  };
}

it('sends each request once, and counts each answer', async () => {
  const server = await answering((socket) => socket.write(GOOD));
  const { bodyBytes, seconds, p99Ms } = await server.load(5);
  expect(server.received()).toBe(REQUESTS.length);
  expect(bodyBytes).toBe(5);
  expect(seconds).toBeGreaterThan(0);
  expect(p99Ms).toBeGreaterThan(0);
});

it('puts answers together that come in pieces', async () => {
  const server = await answering((socket) => {
    socket.setNoDelay(true);
    socket.write(GOOD.slice(0, 20));
    // one timer after the other: two at once may fire in either order on a busy machine
    setTimeout(() => {
      socket.write(GOOD.slice(20, -2));
      setTimeout(() => socket.write(GOOD.slice(-2)), 2);
    }, 2);
  });
  expect(await server.load()).toMatchObject({ bodyBytes: 5 });
});

const refused = GOOD.replace('200 OK', '503 Service Unavailable');
const shorter = GOOD.replace('5', '4').replace('hello', 'hell');
it.each([
  ['another status', refused, /wanted 200 with 5 bytes, but answer 31 is\nHTTP\/1.1 503/],
  ['another length', shorter, /wanted 200 with 5 bytes, but answer 31 is\nHTTP\/1.1 200/],
  ['more bytes than its length says', `${GOOD}!`, /more bytes than Content-Length/],
  ['no length', 'HTTP/1.1 200 OK\r\n\r\nhello', /without status line or Content-Length/],
])('fails at one answer with %s', async (_what, bad, problem) => {
  const server = await answering((socket, n) => socket.write(n === 30 ? bad : GOOD));
  await expect(server.load(5)).rejects.toThrow(problem);
});

it('fails at a connection that the server closes', async () => {
  const server = await answering((socket, n) => (n === 30 ? socket.end() : socket.write(GOOD)));
  await expect(server.load(5)).rejects.toThrow('the server closed a connection');
});
