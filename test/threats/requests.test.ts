/** Attacks with the request itself: its headers, its path, and what it says twice. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { signCompact } from '../support/keys.ts';

const MAX_HEADER_LINES = 100;
const FORGED = '198.51.100.66';
const SEEN_BY_PROXY = '203.0.113.7';
let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({
    config: `${SIMPLE_CONFIG.replace('https: false', 'https: false, sourceIp: caller')}
callerAddress: { header: X-Forwarded-For, trustedHops: 1 }
`,
  });
});

afterAll(async () => {
  await broker.close();
});

interface RawAnswer {
  readonly status: number;
  readonly text: string;
  /** The audit lines that the request left. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly stsCalls: number;
}

/** Sends the lines as they are, with a subject token, and waits until the connection closes. */
async function send(
  requestLine: string,
  headers: readonly string[] = [`X-Forwarded-For: ${SEEN_BY_PROXY}`],
  options: { readonly token?: string; readonly body?: string } = {},
): Promise<RawAnswer> {
  const { token = await broker.issuer.token(), body = '' } = options;
  const head = [
    `${requestLine} HTTP/1.1`,
    'Host: broker.example.com',
    `Authorization: Bearer ${token}`,
    'Connection: close',
    ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]),
    ...headers,
  ];
  const linesBefore = broker.auditLines().length;
  const callsBefore = broker.stsCalls();
  const { port } = new URL(broker.url);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    });
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.once('close', () => resolve(answer));
    socket.once('error', reject);
  });
  return {
    status: Number(text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)),
    text,
    lines: broker.auditLines().slice(linesBefore),
    stsCalls: broker.stsCalls() - callsBefore,
  };
}

describe('threat 36: a header list that is cut, so that the line of a trusted proxy vanishes', () => {
  const filler = (count: number) => Array.from({ length: count }, (_, n) => `f${n}:`);
  /** What a proxy passes on that appends a line of its own at the end. */
  const through = (count: number) => [
    `X-Forwarded-For: ${FORGED}`,
    ...filler(count),
    `X-Forwarded-For: ${SEEN_BY_PROXY}`,
  ];

  it.each([1100, 2100, 3000])(
    'is refused, and %i lines make nobody believe the address that the caller wrote',
    async (count) => {
      const { status, text, lines, stsCalls } = await send('POST /v1/credentials', through(count));

      expect(status).toBe(431);
      expect(text).toContain('"code":"too_many_header_lines"');
      expect(stsCalls).toBe(0);
      expect(lines).toMatchObject([
        { decision: 'refused', reason: 'too_many_header_lines', why: { limit: MAX_HEADER_LINES } },
      ]);
      expect(lines[0]).not.toHaveProperty('callerAddress');
      expect(JSON.stringify(lines)).not.toContain(FORGED);
    },
  );

  it('is refused from the first line that could be missing, and judged in full before that', async () => {
    // Host, Authorization, Connection and the two lines of the address
    const others = 5;
    const most = await send('POST /v1/credentials', through(MAX_HEADER_LINES - others));
    const more = await send('POST /v1/credentials', through(MAX_HEADER_LINES - others + 1));

    expect(most.status).toBe(200);
    expect(most.lines).toMatchObject([{ decision: 'granted', callerAddress: SEEN_BY_PROXY }]);
    expect(more.status).toBe(431);
    expect(more.stsCalls).toBe(0);
  });

  it.each(['GET /health', 'GET /ready', 'OPTIONS /v1/credentials', 'GET /nowhere'])(
    'is refused for %s too',
    async (requestLine) => {
      expect((await send(requestLine, through(1100))).status).toBe(431);
    },
  );
});

describe('threat 41: parameters where they are not read', () => {
  it.each([
    ['a narrowing in the query of a POST', 'POST /v1/credentials?Permissions=read', undefined],
    [
      'a narrowing in the query beside another in the body',
      'POST /v1/credentials?Permissions=read',
      '{"Permissions":["read","write"]}',
    ],
    ['a token in the query of a POST', 'POST /v1/credentials?access_token=a.b.c', undefined],
    ['a token in the query of a GET', 'GET /v1/credentials?access_token=a.b.c', undefined],
    ['an empty parameter', 'POST /v1/credentials?&', undefined],
    ['a narrowing in the body of a GET', 'GET /v1/credentials', '{"Permissions":["read"]}'],
    [
      'a narrowing in the body beside another in the query',
      'GET /v1/credentials?Permissions=read,write',
      '{"Permissions":["read"]}',
    ],
    ['a body that is not JSON on a GET', 'GET /v1/credentials', 'x'],
  ])('%s: refused instead of ignored', async (_what, requestLine, body) => {
    const answer = await send(requestLine, undefined, body === undefined ? {} : { body });

    expect(answer.status).toBe(400);
    expect(answer.text).toContain('"code":"invalid_request"');
    expect(answer.lines).toMatchObject([{ decision: 'refused', reason: 'request_malformed' }]);
    expect(answer.stsCalls).toBe(0);
  });

  it('a chunked body of a GET: refused without waiting for it', async () => {
    const headers = [`X-Forwarded-For: ${SEEN_BY_PROXY}`, 'Transfer-Encoding: chunked'];
    const { status, lines, stsCalls } = await send('GET /v1/credentials', headers);

    expect(status).toBe(400);
    expect(lines).toMatchObject([{ reason: 'request_malformed' }]);
    expect(stsCalls).toBe(0);
  });

  it('the same narrowing where it is read: granted as asked', async () => {
    const granted = [
      await send('POST /v1/credentials', undefined, { body: '{"Permissions":["read"]}' }),
      await send('GET /v1/credentials?Permissions=read'),
      // neither holds a parameter
      await send('POST /v1/credentials?'),
      await send('GET /v1/credentials', [`X-Forwarded-For: ${SEEN_BY_PROXY}`, 'Content-Length: 0']),
    ];

    expect(granted.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const { lines } of granted.slice(0, 2)) {
      expect(lines).toMatchObject([{ targets: [{ permissions: ['read'] }] }]);
    }
  });
});

describe('threat 44: forms of a path that the rules of a proxy miss', () => {
  it.each([
    '/x/../v1/credentials',
    '/../v1/credentials',
    '/v1/./credentials',
    '/./v1/credentials',
    '/v1/x/../credentials',
    '/v1/%2e/credentials',
    '/x/%2e%2e/v1/credentials',
    '/x/%2E./v1/credentials',
    '/v1/%63redentials',
    '/%76%31/credentials',
    '/v1%2Fcredentials',
    '//v1/credentials',
    '/v1//credentials',
    '/v1/credentials/',
    '/v1/credentials/.',
    '/v1/credentials/x/..',
    '/v1/credentials%20',
    '/v1/credentials%3FPermissions=read',
    '/v1/credentials;x',
    '/v1/credentials#x',
    '/v1/credentials#?Permissions=read',
    '/V1/credentials',
    '/\\v1\\credentials',
    '/x\\..\\v1\\credentials',
    'http://broker.example.com/x/../v1/credentials',
    'http://broker.example.com/v1/%63redentials',
    'http:///v1/credentials',
    'http:////a/v1/credentials',
    'http://user@broker.example.com/v1/credentials',
  ])('%s is an unknown path', async (target) => {
    for (const method of ['GET', 'POST']) {
      const { status, text, lines, stsCalls } = await send(`${method} ${target}`);

      expect(status).toBe(404);
      expect(text).toContain('"code":"not_found"');
      expect(lines).toMatchObject([{ decision: 'refused', reason: 'route_unknown' }]);
      expect(stsCalls).toBe(0);
    }
  });

  it.each(['/x/../health', '/%68ealth', '//ready', '/ready/'])('%s too', async (target) => {
    expect((await send(`GET ${target}`)).status).toBe(404);
  });

  it('the caller of such a path is audited with its address', async () => {
    expect((await send('GET /x/../v1/credentials')).lines).toMatchObject([
      { callerAddress: SEEN_BY_PROXY },
    ]);
  });

  it.each([
    '/v1/credentials',
    '/v1/credentials?Target=oss://app-media/users/user-1/../a%20b',
    'http://broker.example.com/v1/credentials',
  ])('%s reaches its route', async (target) => {
    expect((await send(`GET ${target}`)).lines).not.toMatchObject([{ reason: 'route_unknown' }]);
  });
});

describe('threat 46: work before a token is verified', () => {
  const manyRanges = `Accept: ${'a/b,'.repeat(200)}application/json`;
  const forge = (token: string) => `${token.slice(0, -8)}AAAAAAAA`;

  it.each([
    ['a malformed target', 'GET /v1/credentials?Target=nowhere', [], undefined],
    ['many query parameters', `GET /v1/credentials?${'a=b&'.repeat(3000)}`, [], undefined],
    ['a POST with a query', 'POST /v1/credentials?a=b', [], undefined],
    ['many ranges', 'GET /v1/credentials', [manyRanges], undefined],
    ['an Accept without JSON', 'GET /v1/credentials', ['Accept: text/html'], undefined],
    ['a body that is not JSON', 'POST /v1/credentials', [], '{'],
    ['a body that is too large', 'POST /v1/credentials', [], `{"Grant":"${'x'.repeat(5000)}"}`],
  ] as const)(
    'a forged token with %s is refused for the token, and the rest is not looked at',
    async (_what, requestLine, headers, body) => {
      const good = await broker.issuer.token();
      const forged = await send(requestLine, headers, {
        token: forge(good),
        ...(body === undefined ? {} : { body }),
      });
      const genuine = await send(requestLine, headers, {
        token: good,
        ...(body === undefined ? {} : { body }),
      });

      expect(forged.lines).toMatchObject([{ reason: 'signature_invalid' }]);
      expect(forged.status).toBe(401);
      // the same request with a good token is refused for the rest
      expect([400, 406, 413]).toContain(genuine.status);
      expect(genuine.lines).toMatchObject([{ decision: 'refused', subject: 'user-1' }]);
    },
  );

  it('a body is not waited for if the token is forged', async () => {
    const token = forge(await broker.issuer.token());
    const headers = ['Content-Type: application/json', 'Content-Length: 1000'];
    const { status, lines } = await send('POST /v1/credentials', headers, { token });

    expect(status).toBe(401);
    expect(lines).toMatchObject([{ reason: 'signature_invalid' }]);
  });

  it('a forged token is refused before its claims are looked at closely', async () => {
    const [key] = broker.issuer.keys();
    const claims = JSON.stringify(broker.issuer.claims()).replace(/}$/, ',"sub":"again"}');
    const token = signCompact({ alg: key.algorithm, kid: key.keyId }, claims, key);

    const genuine = await send('GET /v1/credentials', undefined, { token });
    const forged = await send('GET /v1/credentials', undefined, { token: forge(token) });

    expect(genuine.lines).toMatchObject([
      { reason: 'token_malformed', why: { problem: 'payload has a repeated member' } },
    ]);
    expect(forged.lines).toMatchObject([{ reason: 'signature_invalid' }]);
  });
});
