import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../src/server.ts';

type Fetch = Parameters<typeof startServer>[0]['fetch'];

/** Far longer than a test may take, so a test that waits for it fails. */
const LONG_MS = 600_000;

const started: RunningServer[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close(0)));
});

async function start(fetch: Fetch, options: Partial<Parameters<typeof startServer>[0]> = {}) {
  const server = await startServer({
    fetch,
    hostname: '127.0.0.1',
    port: 0,
    neverHangUp: false,
    ...options,
  });
  started.push(server);
  return server;
}

const sayHello: Fetch = () => new Response('hello');

interface Connection {
  readonly socket: Socket;
  readonly received: { text: string };
  readonly ended: Promise<string>;
  /** Resolves once the text was received. */
  waitFor(text: string): Promise<void>;
}

function open({ port }: RunningServer): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const received = { text: '' };
    socket.on('data', (chunk) => {
      received.text += chunk;
      socket.emit('received');
    });
    const ended = new Promise<string>((end) => {
      socket.once('close', () => end(received.text));
    });
    const waitFor = (text: string) =>
      new Promise<void>((found) => {
        const check = () => {
          if (received.text.includes(text)) found();
        };
        socket.on('received', check);
        check();
      });
    socket.once('error', reject);
    socket.once('connect', () => resolve({ socket, received, ended, waitFor }));
  });
}

async function send(server: RunningServer, text: string): Promise<string> {
  const { socket, ended } = await open(server);
  socket.write(text);
  return ended;
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const LAST_GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/** A handler that waits for `letGo`. `reached` resolves once it is called. */
function createHeldFetch() {
  const hold = { reach: () => {}, letGo: () => {} };
  const reached = new Promise<void>((resolve) => {
    hold.reach = resolve;
  });
  const isLetGo = new Promise<void>((resolve) => {
    hold.letGo = resolve;
  });
  const fetch: Fetch = async () => {
    hold.reach();
    await isLetGo;
    return new Response('held');
  };
  return { fetch, reached, letGo: () => hold.letGo() };
}

describe('starting', () => {
  it('returns the port and serves on it', async () => {
    const server = await start(sayHello);
    expect(server.port).toBeGreaterThan(0);
    expect(await send(server, LAST_GET)).toMatch(/^HTTP\/1.1 200 .*hello/s);
  });

  it('throws if the port is in use', async () => {
    const { port } = await start(sayHello);
    await expect(start(sayHello, { port })).rejects.toThrow('EADDRINUSE');
  });

  it('announces the keep-alive timeout, unless the server never hangs up', async () => {
    const header = async (neverHangUp: boolean) => {
      const server = await start(sayHello, { neverHangUp });
      const agent = new Agent({ keepAlive: true });
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        get({ host: '127.0.0.1', port: server.port, agent }, resolve).once('error', reject);
      });
      response.resume();
      agent.destroy();
      return response.headers['keep-alive'];
    };
    expect(await header(false)).toBe('timeout=65');
    expect(await header(true)).toBeUndefined();
  });
});

describe('closing', () => {
  it('finishes the request in flight, and accepts no new connection', async () => {
    const { fetch, reached, letGo } = createHeldFetch();
    const server = await start(fetch);
    const { socket, ended } = await open(server);
    socket.write(GET);
    await reached;

    const closed = server.close(LONG_MS);
    await expect(open(server)).rejects.toThrow('ECONNREFUSED');
    letGo();

    // the request did not ask to close the connection, so only the server can have closed it
    expect(await ended).toMatch(/^HTTP\/1.1 200 .*held/s);
    await closed;
  });

  it('closes idle connections, used or unused', async () => {
    const server = await start(sayHello);
    const [used, fresh] = [await open(server), await open(server)];
    used.socket.write(GET);
    await used.waitFor('hello');
    expect(used.socket.readyState).toBe('open');

    await server.close(LONG_MS);

    expect(await used.ended).toContain('hello');
    expect(await fresh.ended).toBe('');
  });

  it('cuts off a request that is not answered in time', async () => {
    const { fetch, reached, letGo } = createHeldFetch();
    const server = await start(fetch);
    const { socket, ended } = await open(server);
    socket.on('error', () => {});
    socket.write(GET);
    await reached;

    await server.close(1);
    expect(await ended).toBe('');
    letGo();
  });

  it('cuts off a request that does not arrive completely in time', async () => {
    const server = await start(sayHello);
    const { socket, ended } = await open(server);
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
    await server.close(1);
    expect(await ended).toBe('');
  });
});

/** Matches an answer without a body and with only fixed headers. */
const bare = (status: number) =>
  new RegExp(
    `^HTTP/1\\.1 ${status} [A-Za-z ]+\\r\\nConnection: close\\r\\nCache-Control: no-store\\r\\nContent-Length: 0\\r\\n\\r\\n$`,
  );

describe('a request target', () => {
  it.each([
    ['with a backslash', 'GET /\\v1\\credentials HTTP/1.1\r\nHost: a\r\n'],
    ['of an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n'],
    ['with a Host that is not a host name', 'GET / HTTP/1.1\r\nHost: a b\r\n'],
    ['with a Host that holds a path', 'GET / HTTP/1.1\r\nHost: a/v1/credentials?\r\n'],
    ['with a user in the Host', 'GET / HTTP/1.1\r\nHost: user:password@a\r\n'],
    ['with an invalid port in the Host', 'GET / HTTP/1.1\r\nHost: a:99999\r\n'],
    ['with another scheme', 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n'],
    ['without a host', 'GET http:/// HTTP/1.1\r\nHost: a\r\n'],
    ['with a user and a password', 'GET http://user:password@a/ HTTP/1.1\r\nHost: a\r\n'],
    ['with a user', 'GET http://user@a/ HTTP/1.1\r\nHost: a\r\n'],
  ])('%s is handled as an unknown path', async (_what, head) => {
    const asked: string[] = [];
    const server = await start((request) => {
      asked.push(new URL(request.url).href);
      return new Response('there is nothing here', { status: 404 });
    });
    const answer = await send(server, `${head}Authorization: canary\r\nConnection: close\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toContain('there is nothing here');
    expect(asked).toEqual(['http://nowhere.invalid/']);
  });

  it.each([
    [
      'of a URL with another host',
      'GET http://evil/at?x=@ HTTP/1.1\r\nHost: a\r\n',
      'http://evil/at?x=@',
    ],
    ['with two slashes', 'GET //evil/at HTTP/1.1\r\nHost: a\r\n', 'http://a//evil/at'],
    ['without a Host in HTTP/1.0', 'HEAD /at HTTP/1.0\r\n', 'http://localhost/at'],
    ['with an empty Host', 'GET /at HTTP/1.1\r\nHost:\r\n', 'http://localhost/at'],
    [
      'with an IP address as Host',
      'GET /at HTTP/1.1\r\nHost: [::1]:9000\r\n',
      'http://[::1]:9000/at',
    ],
    ['with two Hosts', 'GET /at HTTP/1.1\r\nHost: a\r\nHost: b\r\n', 'http://a/at'],
  ])('%s is served', async (_what, head, url) => {
    const asked: string[] = [];
    const server = await start((request) => {
      asked.push(request.url);
      return new Response('hello');
    });

    expect(await send(server, `${head}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(asked).toEqual([url]);
  });

  it('without a Host in HTTP/1.1 is answered with 400 by Node', async () => {
    const server = await start(sayHello);

    expect(await send(server, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 (?!.*hello)/s,
    );
  });

  it.each([
    ['of CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'],
    ['of CONNECT with a path', 'CONNECT /v1/credentials HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('%s gets no answer and a closed connection', async (_what, text) => {
    const server = await start(sayHello);

    expect(await send(server, text)).toBe('');
  });

  it.each(['canary', '100-continue, canary'])(
    'with the expectation %s reaches the handler, which audits it, and not Node',
    async (expectation) => {
      const server = await start(sayHello);
      const text = LAST_GET.replace('Host: a', `Host: a\r\nExpect: ${expectation}`);

      expect(await send(server, text)).toMatch(/HTTP\/1\.1 200 .*hello/s);
    },
  );

  it('with an Upgrade header is served without an upgrade', async () => {
    const server = await start(sayHello);
    const upgrade =
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n';

    expect(await send(server, upgrade)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('unreadable input', () => {
  it.each([
    ['text that is not HTTP', 'canary\r\n\r\n', 400],
    ['a TLS ClientHello', '\u0016\u0003\u0001\u0002canary\r\n\r\n', 400],
    ['a bad header', 'GET / HTTP/1.1\r\nHost: a\r\nca nary: x\r\n\r\n', 400],
    ['a NUL in a header name', 'GET / HTTP/1.1\r\nHost: a\r\nX: canary\r\n\0: x\r\n\r\n', 400],
    ['a bad version', 'GET /canary HTTP/9.9\r\nHost: a\r\n\r\n', 400],
    ['a bad length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x2\r\n\r\nab', 400],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
    ],
    [
      'a length beside chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'a header that is too long',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'canary'.repeat(3000)}\r\n\r\n`,
      431,
    ],
    [
      'too many headers',
      `GET / HTTP/1.1\r\nHost: a\r\n${'Canary: canary\r\n'.repeat(1900)}\r\n`,
      431,
    ],
    ['a path that is too long', `GET /${'canary'.repeat(3000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
  ])('%s gets a bare status and does not reach the handler', async (_what, text, status) => {
    let calls = 0;
    const server = await start(() => {
      calls += 1;
      return new Response('hello');
    });
    const answer = await send(server, text);
    expect(answer).toMatch(bare(status));
    expect(calls).toBe(0);
    // the next request is served
    expect(await send(server, LAST_GET)).toContain('hello');
  });

  it('does not include a request with as many header bytes as Function Compute passes on', async () => {
    const server = await start(sayHello);
    const text = LAST_GET.replace('Host: a', `Host: a\r\nX: ${'x'.repeat(12_000)}`);
    expect(await send(server, text)).toContain('hello');
  });

  it('of a connection that is reset does not disturb later requests', async () => {
    const server = await start(sayHello);
    const { socket, ended } = await open(server);
    socket.write('GET / HTTP/1.1\r\n');
    socket.resetAndDestroy();
    await ended;
    expect(await send(server, LAST_GET)).toContain('hello');
  });
});

describe('a request that arrives too slowly', () => {
  const requestTimeoutMs = 100;

  it.each([
    ['in its headers', 'GET / HTTP/1.1\r\nHost: a\r\nX-Canary: canary'],
    ['in its body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\ncanary'],
  ])('%s is cut off, and the answer repeats nothing of it', async (_what, text) => {
    const server = await start(async (request) => new Response(await request.text()), {
      requestTimeoutMs,
    });
    expect(await send(server, text)).toMatch(bare(408));
    expect(await send(server, LAST_GET)).toMatch(/^HTTP\/1.1 200 /);
  });

  it('is cut off even if bytes keep arriving', async () => {
    const server = await start(sayHello, { requestTimeoutMs });
    const { socket, ended } = await open(server);
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
    const trickle = setInterval(() => socket.write('X: x\r\n'), requestTimeoutMs / 10);
    const answer = await ended;
    clearInterval(trickle);
    expect(answer).toMatch(bare(408));
  });

  it('is cut off by a timeout that does not apply to slow answers', async () => {
    const { fetch, reached, letGo } = createHeldFetch();
    const server = await start(fetch, { requestTimeoutMs });
    const { socket, ended } = await open(server);
    socket.write(LAST_GET);
    await reached;
    const cutOff = await send(server, 'GET / HTTP/1.1\r\n');
    letGo();
    expect(cutOff).toMatch(bare(408));
    expect(await ended).toContain('held');
  });
});
