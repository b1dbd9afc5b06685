import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Answer, SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { generateSigningKey, type SigningKey, signCompact } from '../support/keys.ts';

const MEGABYTE = 1024 * 1024;
/** The most that the socket buffers of both sides hold, far less than the server would send. */
const BUFFERED = 20 * MEGABYTE;
const OUTSIDE = { Target: 'oss://app-media/outside' };

/** How a hostile issuer answers the nth request for its keys, from 0. */
type Answering = (response: ServerResponse, nth: number) => void;

interface HostileServer {
  readonly origin: string;
  /** Per path: the number of requests, the bytes sent, and the connections still open. */
  of(path: string): { requests: number; sentBytes: number; open: number };
  close(): void;
}

async function startHostileServer(
  answering: Readonly<Record<string, Answering>>,
): Promise<HostileServer> {
  const paths = new Map<string, { requests: number; sentBytes: number; open: number }>();
  const of = (path: string) => {
    const known = paths.get(path) ?? { requests: 0, sentBytes: 0, open: 0 };
    paths.set(path, known);
    return known;
  };
  const server: Server = createServer((request, response) => {
    const seen = of(request.url ?? '');
    seen.open++;
    request.socket.once('close', () => {
      seen.open--;
      seen.sentBytes += request.socket.bytesWritten - request.socket.writableLength;
    });
    answering[request.url ?? '']?.(response, seen.requests++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    of,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Sends the text repeatedly, as fast as the client reads it. */
function pour(response: ServerResponse, text: string, totalBytes: number): void {
  const chunk = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)));
  let poured = 0;
  const pourOn = () => {
    while (poured < totalBytes && !response.destroyed) {
      poured += chunk.length;
      if (!response.write(chunk)) return;
    }
    if (!response.destroyed) response.end(']}');
  };
  response.on('drain', pourOn);
  pourOn();
}

/** Like `pour`, but writes to the socket directly. */
function pourRaw(start: string, text: string): Answering {
  const chunk = text.repeat(Math.ceil(65_536 / text.length));
  return ({ socket }) => {
    if (socket === null) return;
    const pourOn = () => {
      while (!socket.destroyed) if (!socket.write(chunk)) return;
    };
    socket.write(start);
    socket.on('drain', pourOn);
    pourOn();
  };
}

/** Sends a space every 50 ms until the client hangs up. */
function trickle(send: (text: string) => void, response: ServerResponse): void {
  const timer = setInterval(() => send(' '), 50);
  response.socket?.once('close', () => clearInterval(timer));
}

const KEY = '{"kty":"EC","crv":"P-256","kid":"x","x":"AA","y":"AA"},';

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

const TOO_MUCH: Readonly<Record<string, Answering>> = {
  '/announced': (response) => {
    response.writeHead(200, { 'content-length': 50 * MEGABYTE });
    pour(response, ' ', 50 * MEGABYTE);
  },
  '/large': (response) => {
    response.write('{"keys":[');
    pour(response, KEY, 50 * MEGABYTE);
  },
  '/endless': (response) => {
    response.write('{"keys":[');
    pour(response, KEY, Number.POSITIVE_INFINITY);
  },
  '/endless-headers': pourRaw('HTTP/1.1 200 OK\r\n', `X-More: ${'x'.repeat(1000)}\r\n`),
  '/endless-interim': pourRaw('', 'HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n'),
  '/endless-chunk': pourRaw(`${CHUNKED}1;x=`, 'xxxxxxxx'),
  '/endless-trailers': pourRaw(`${CHUNKED}0\r\n`, 'X-More: x\r\n'),
};

const TOO_SLOW: Readonly<Record<string, Answering>> = {
  '/silent': () => {},
  '/slow-body': (response) => {
    response.write('{"keys":[');
    trickle((text) => response.write(text), response);
  },
  '/slow-headers': (response) => {
    response.socket?.write('HTTP/1.1 200 OK\r\nX-More: ');
    trickle((text) => response.socket?.write(text), response);
  },
};

const HOSTILE = { ...TOO_MUCH, ...TOO_SLOW };

/** The simple config with an issuer for each path of the hostile server. */
function configWith(origin: string, paths: readonly string[]): string {
  const issuers = paths.map(
    (path) => `  - name: ${path.slice(1)}
    issuer: ${issuerAt(path)}
    audiences: [oss-token-broker]
    jwksUri: "${origin}${path}"
    attributes: { user: { claim: sub } }
`,
  );
  const grants = paths.map(
    (path) => `  - name: ${path.slice(1)}-files
    issuer: ${path.slice(1)}
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media${path}/{user}/", permissions: [read] }]
`,
  );
  return SIMPLE_CONFIG.replace('grants:\n', `${issuers.join('')}grants:\n${grants.join('')}`);
}

const issuerAt = (path: string) => `https://hostile.example.com${path}`;

describe('threat 19: an issuer that answers too much or too slowly', () => {
  let hostile: HostileServer;
  let broker: TestBroker;
  /** Asked for all at once, since each slow one takes the broker's whole deadline. */
  let answers: ReadonlyMap<string, Promise<Answer>>;

  beforeAll(async () => {
    hostile = await startHostileServer(HOSTILE);
    broker = await startTestBroker({ config: configWith(hostile.origin, Object.keys(HOSTILE)) });
    answers = new Map(
      Object.keys(HOSTILE).map((path) => [path, broker.ask({ claims: { iss: issuerAt(path) } })]),
    );
  });
  afterAll(async () => {
    await broker.close();
    hostile.close();
  });

  it('does not delay other issuers', async () => {
    await vi.waitFor(() => expect(hostile.of('/silent').open).toBe(1));

    expect((await broker.ask()).status).toBe(200);
    expect(hostile.of('/silent').open).toBe(1);
  });

  it.each(Object.keys(HOSTILE))('is given up at %s', async (path) => {
    const answer = await answers.get(path);

    expect(answer?.status).toBe(503);
    expect(answer?.body).toMatchObject({ code: 'issuer_unavailable' });
    expect(answer?.headers.get('retry-after')).toMatch(/^\d+$/);
    // the broker has hung up, so it has stopped reading
    await vi.waitFor(() => expect(hostile.of(path).open).toBe(0), 5000);
    expect(hostile.of(path)).toMatchObject({ requests: 1 });
    expect(hostile.of(path).sentBytes).toBeLessThan(BUFFERED);
  });

  it('causes no AssumeRole, and later callers are refused without waiting', async () => {
    expect(broker.stsCalls()).toBe(1);
    const again = await Promise.all(
      Object.keys(TOO_SLOW).map((path) => broker.ask({ claims: { iss: issuerAt(path) } })),
    );
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([503]));
  });
});

describe('threat 19: an issuer whose answers change', () => {
  const keys = [generateSigningKey('ES256', 'a'), generateSigningKey('ES256', 'b')] as const;
  const publish = (response: ServerResponse, ...published: readonly SigningKey[]) =>
    response.end(JSON.stringify({ keys: published.map(({ publicJwk }) => publicJwk) }));
  const flapping: Readonly<Record<string, Answering>> = {
    '/up-and-down': (response, nth) => {
      if (nth % 2 === 0) publish(response, keys[0]);
      else response.writeHead(500).end();
    },
    '/cut-off': (response, nth) => {
      if (nth % 2 === 0) publish(response, keys[0]);
      else response.socket?.destroy();
    },
    '/empty': (response, nth) => {
      if (nth % 2 === 0) publish(response, keys[0]);
      else response.end('{}');
    },
    '/changing': (response, nth) => {
      publish(response, nth % 2 === 0 ? keys[0] : keys[1]);
    },
  };
  let hostile: HostileServer;
  let broker: TestBroker;

  beforeAll(async () => {
    hostile = await startHostileServer(flapping);
    broker = await startTestBroker({ config: configWith(hostile.origin, Object.keys(flapping)) });
  });
  afterAll(async () => {
    await broker.close();
    hostile.close();
  });

  const sign = (path: string, by: SigningKey, kid = by.keyId) =>
    signCompact(
      { alg: 'ES256', kid, typ: 'JWT' },
      broker.issuer.claims({ iss: issuerAt(path) }),
      by,
    );

  /** 403 for an accepted subject token, since the requested target is outside every grant. */
  async function verify(token: string): Promise<number> {
    return (await broker.ask({ token, body: OUTSIDE })).status;
  }

  it.each(['/up-and-down', '/cut-off', '/empty'])(
    'is used while it answers, and its known keys while it does not, at %s',
    async (path) => {
      const forged = generateSigningKey('ES256', 'a');
      expect(await verify(sign(path, keys[0]))).toBe(403);

      for (let round = 1; round <= 8; round++) {
        broker.clock.offsetMs += 20 * 60_000;
        const before = hostile.of(path).requests;
        expect(await verify(sign(path, keys[0]))).toBe(403);
        expect(await verify(sign(path, forged))).toBe(401);
        expect(hostile.of(path).requests).toBeGreaterThan(before);
        expect(await verify(await broker.issuer.token())).toBe(403);
      }
      expect(hostile.of(path).requests).toBeLessThanOrEqual(1 + 8 * 2);
    },
  );

  it('is trusted with the keys of its last answer, and causes no storm of requests', async () => {
    const path = '/changing';
    for (let round = 0; round < 6; round++) {
      broker.clock.offsetMs += 31_000;
      const before = hostile.of(path).requests;
      const statuses = await Promise.all(
        Array.from({ length: 40 }, (_, n) => verify(sign(path, n % 2 === 0 ? keys[0] : keys[1]))),
      );

      for (const status of statuses) expect([401, 403]).toContain(status);
      expect(statuses).toContain(403);
      expect(await verify(sign(path, keys[0], 'b'))).toBe(401);
      expect(hostile.of(path).requests - before).toBeLessThanOrEqual(2);
    }
  });
});

describe('threat 19: storms of unknown keys', () => {
  const STORM = 1000;
  const AT_ONCE = 50;

  async function storm(broker: TestBroker): Promise<ReadonlySet<number>> {
    const [key] = broker.issuer.keys();
    const statuses = new Set<number>();
    for (let sent = 0; sent < STORM; sent += AT_ONCE) {
      const answers = Array.from({ length: AT_ONCE }, (_, n) => {
        const header = { alg: 'ES256', kid: `made-up-${sent + n}`, typ: 'JWT' };
        return broker.ask({ token: signCompact(header, broker.issuer.claims(), key) });
      });
      const known = broker.ask();
      for (const { status } of await Promise.all(answers)) statuses.add(status);
      expect((await known).status).toBe(200);
    }
    return statuses;
  }

  it('cause one request to the issuer, and known keys still work', async () => {
    const broker = await startTestBroker();
    expect((await broker.ask()).status).toBe(200);
    const before = broker.issuer.requests.jwks;

    expect(await storm(broker)).toEqual(new Set([401]));
    expect(broker.issuer.requests.jwks - before).toBe(1);
    await broker.close();
  });

  it('cause two requests at most while the issuer is down', async () => {
    const broker = await startTestBroker();
    expect((await broker.ask()).status).toBe(200);
    const before = broker.issuer.requests.discovery;
    broker.issuer.fault('discovery', { kind: 'status', status: 500 });

    // while the issuer is down, the broker cannot know that a key does not exist
    expect(await storm(broker)).toEqual(new Set([503]));
    expect(broker.issuer.requests.discovery - before).toBeLessThanOrEqual(2);
    await broker.close();
  });
});
