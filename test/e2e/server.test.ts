import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../src/server.ts';

type Fetch = Parameters<typeof startServer>[0]['fetch'];

/** Far longer than a test may take: what waits for it fails. */
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
  /** Resolves once the text has come. */
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
      new Promise<void>((come) => {
        const look = () => {
          if (received.text.includes(text)) come();
        };
        socket.on('received', look);
        look();
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

/** A handler that waits to be let go, and tells when it was reached. */
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
  it('tells the port, and serves', async () => {
    const server = await start(sayHello);
    expect(server.port).toBeGreaterThan(0);
    expect(await send(server, LAST_GET)).toMatch(/^HTTP\/1.1 200 .*hello/s);
  });

  it('fails where the port is taken', async () => {
    const { port } = await start(sayHello);
    await expect(start(sayHello, { port })).rejects.toThrow('EADDRINUSE');
  });

  it('tells how long an idle connection is kept, unless it never hangs up', async () => {
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
  it('finishes the request in flight, takes no new connection, and then ends', async () => {
    const { fetch, reached, letGo } = createHeldFetch();
    const server = await start(fetch);
    const { socket, ended } = await open(server);
    socket.write(GET);
    await reached;

    const closed = server.close(LONG_MS);
    await expect(open(server)).rejects.toThrow('ECONNREFUSED');
    letGo();

    // the connection would have stayed open: it was not asked to close
    expect(await ended).toMatch(/^HTTP\/1.1 200 .*held/s);
    await closed;
  });

  it('closes connections that are idle, whether they were used or not', async () => {
    const server = await start(sayHello);
    const [used, fresh] = [await open(server), await open(server)];
    used.socket.write(GET);
    await used.waitFor('hello');
    expect(used.socket.readyState).toBe('open');

    await server.close(LONG_MS);

    expect(await used.ended).toContain('hello');
    expect(await fresh.ended).toBe('');
  });

  it('cuts off what is not done in time', async () => {
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

  it('cuts off a request that has not arrived in time', async () => {
    const server = await start(sayHello);
    const { socket, ended } = await open(server);
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
    await server.close(1);
    expect(await ended).toBe('');
  });
});

/** An answer with a status and nothing else. */
const bare = (status: number) =>
  new RegExp(
    `^HTTP/1\\.1 ${status} [A-Za-z ]+\\r\\nConnection: close\\r\\nCache-Control: no-store\\r\\nContent-Length: 0\\r\\n\\r\\n$`,
  );

describe('what is no URL', () => {
  it.each([
    ['a backslash', 'GET /\\v1\\credentials HTTP/1.1\r\nHost: a\r\n'],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n'],
    ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a b\r\n'],
    ['a Host that holds more', 'GET / HTTP/1.1\r\nHost: a/v1/credentials?\r\n'],
    ['a Host with a user', 'GET / HTTP/1.1\r\nHost: user:password@a\r\n'],
    ['a Host with no port', 'GET / HTTP/1.1\r\nHost: a:99999\r\n'],
    ['another scheme', 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n'],
    ['no host in it', 'GET http:/// HTTP/1.1\r\nHost: a\r\n'],
    ['a user in it', 'GET http://user:password@a/ HTTP/1.1\r\nHost: a\r\n'],
    ['a user alone in it', 'GET http://user@a/ HTTP/1.1\r\nHost: a\r\n'],
  ])('%s leads nowhere, and is answered as such', async (_what, head) => {
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
      'a URL with another host',
      'GET http://evil/at?x=@ HTTP/1.1\r\nHost: a\r\n',
      'http://evil/at?x=@',
    ],
    ['two slashes', 'GET //evil/at HTTP/1.1\r\nHost: a\r\n', 'http://a//evil/at'],
    ['no Host in HTTP/1.0', 'HEAD /at HTTP/1.0\r\n', 'http://localhost/at'],
    ['an empty Host', 'GET /at HTTP/1.1\r\nHost:\r\n', 'http://localhost/at'],
    ['an address for a Host', 'GET /at HTTP/1.1\r\nHost: [::1]:9000\r\n', 'http://[::1]:9000/at'],
    ['two Hosts', 'GET /at HTTP/1.1\r\nHost: a\r\nHost: b\r\n', 'http://a/at'],
  ])('is not %s', async (_what, head, url) => {
    const asked: string[] = [];
    const server = await start((request) => {
      asked.push(request.url);
      return new Response('hello');
    });

    expect(await send(server, `${head}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(asked).toEqual([url]);
  });

  it('is not a missing Host, which Node refuses in HTTP/1.1 by itself', async () => {
    const server = await start(sayHello);

    expect(await send(server, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 (?!.*hello)/s,
    );
  });

  it.each([
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'],
    ['CONNECT with a path', 'CONNECT /v1/credentials HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('%s is hung up on', async (_what, text) => {
    const server = await start(sayHello);

    expect(await send(server, text)).toBe('');
  });

  it('an upgrade is not made, and the request served as any other', async () => {
    const server = await start(sayHello);
    const upgrade =
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n';

    expect(await send(server, upgrade)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('what cannot be read', () => {
  it.each([
    ['no HTTP', 'canary\r\n\r\n', 400],
    ['a TLS greeting', '\u0016\u0003\u0001\u0002canary\r\n\r\n', 400],
    ['a bad header', 'GET / HTTP/1.1\r\nHost: a\r\nca nary: x\r\n\r\n', 400],
    ['a line folded', 'GET / HTTP/1.1\r\nHost: a\r\nX: canary\r\n\0: x\r\n\r\n', 400],
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
      'one header too long',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'canary'.repeat(3000)}\r\n\r\n`,
      431,
    ],
    [
      'too many headers',
      `GET / HTTP/1.1\r\nHost: a\r\n${'Canary: canary\r\n'.repeat(1900)}\r\n`,
      431,
    ],
    ['an address too long', `GET /${'canary'.repeat(3000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
  ])('%s gets a bare status, and reaches nobody', async (_what, text, status) => {
    let calls = 0;
    const server = await start(() => {
      calls += 1;
      return new Response('hello');
    });
    const answer = await send(server, text);
    expect(answer).toMatch(bare(status));
    expect(calls).toBe(0);
    // and the next one is served
    expect(await send(server, LAST_GET)).toContain('hello');
  });

  it('is not a request with as many headers as Function Compute passes on', async () => {
    const server = await start(sayHello);
    const text = LAST_GET.replace('Host: a', `Host: a\r\nX: ${'x'.repeat(12_000)}`);
    expect(await send(server, text)).toContain('hello');
  });

  it('may be a connection that is reset, which harms nobody', async () => {
    const server = await start(sayHello);
    const { socket, ended } = await open(server);
    socket.write('GET / HTTP/1.1\r\n');
    socket.resetAndDestroy();
    await ended;
    expect(await send(server, LAST_GET)).toContain('hello');
  });
});

describe('what takes too long to arrive', () => {
  const requestTimeoutMs = 100;

  it.each([
    ['headers', 'GET / HTTP/1.1\r\nHost: a\r\nX-Canary: canary'],
    ['a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\ncanary'],
  ])('%s is cut off, with nothing of it in the answer', async (_what, text) => {
    const server = await start(async (request) => new Response(await request.text()), {
      requestTimeoutMs,
    });
    expect(await send(server, text)).toMatch(bare(408));
    expect(await send(server, LAST_GET)).toMatch(/^HTTP\/1.1 200 /);
  });

  it('is cut off even if a little comes now and then', async () => {
    const server = await start(sayHello, { requestTimeoutMs });
    const { socket, ended } = await open(server);
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
    const trickle = setInterval(() => socket.write('X: x\r\n'), requestTimeoutMs / 10);
    const answer = await ended;
    clearInterval(trickle);
    expect(answer).toMatch(bare(408));
  });

  it('is not an answer that takes its time', async () => {
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
