/** The HTTP server: limits each connection, and finishes the requests in flight when it closes. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';

/** Function Compute forwards at most 8 KiB of headers; twice that leaves room for other gateways. */
const MAX_HEADER_BYTES = 16_384;
/** For a whole request of at most 20 KiB. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Checks for slow requests per timeout. The default of Node, every 30 s, tripled the timeout. */
const TIMEOUT_CHECKS = 10;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const DRAIN_STEP_MS = 50;
/** Stands in for the URL of a request whose target and Host header form none. */
const NOWHERE = 'http://nowhere.invalid/';
/** Stands in for a missing Host header: HTTP/1.0 probes of load balancers send none. */
const DEFAULT_HOST = 'localhost';
/** RFC 9110 section 4.2.4 treats user info in a URL as an error; Node makes no Request from it. */
const WITH_USER_INFO = /^[a-z]+:\/\/[^/?#]*@/;

export interface RunningServer {
  readonly port: number;
  /** Stops listening, finishes the requests in flight, and cuts off the rest after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/**
 * Starts listening. `neverHangUp` turns the keep-alive timeout off, as Function Compute requires
 * of custom runtimes: https://www.alibabacloud.com/help/en/functioncompute/fc/process-exited-unexpectedly-before-completing-request-1
 */
export async function startServer(options: {
  readonly fetch: (request: Request, env: object) => Response | Promise<Response>;
  readonly hostname: string;
  readonly port: number;
  readonly neverHangUp: boolean;
  /** How long a request may take to arrive. Default: 10 s. */
  readonly requestTimeoutMs?: number;
}): Promise<RunningServer> {
  const { fetch, hostname, port, neverHangUp, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const serve: typeof fetch = (request, env) =>
    fetch(WITH_USER_INFO.test(request.url) ? new Request(NOWHERE) : request, env);
  const listener = getRequestListener(serve, {
    hostname: DEFAULT_HOST,
    // by default the adaptor answers these without a body and without an audit line
    errorHandler: (error) =>
      error instanceof RequestError
        ? fetch(new Request(NOWHERE), {})
        : new Response(null, { status: 500 }),
  });
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: requestTimeoutMs / TIMEOUT_CHECKS,
      keepAliveTimeout: neverHangUp ? 0 : KEEP_ALIVE_TIMEOUT_MS,
    },
    listener,
  );
  // no limit: Node 20 drops further lines without a sign, and later ones refuse without an audit line.
  // The broker counts them itself, and maxHeaderSize bounds them.
  server.maxHeadersCount = 0;
  server.on('clientError', answerUnreadable);
  // Node answers an unknown Expect by itself, without an audit line; RFC 9110 section 10.1.1 lets it be ignored
  server.on('checkExpectation', listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, resolve);
  });
  return {
    port: portOf(server.address()),
    close: (graceMs) => drain(server, sockets, graceMs),
  };
}

async function drain(server: Server, sockets: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // Node counts no connection as idle before its first request, and browsers open some in advance
  for (const socket of sockets) {
    if (socket.bytesRead === 0) socket.destroy();
  }
  // a connection that was busy when closing began stays open after its request
  const sweep = setInterval(() => server.closeIdleConnections(), DRAIN_STEP_MS);
  const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cutOff);
}

/** Answers a request that is not HTTP, too large or too slow with a bare status. Echoes none of it. */
function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable) return;
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Length: 0\r\n\r\n`,
  );
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
