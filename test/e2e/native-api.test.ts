import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';

const ORIGIN = 'https://app.example.com';
let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: `${SIMPLE_CONFIG}cors: { origins: ["${ORIGIN}"] }\n` });
});

afterAll(async () => {
  await broker.close();
});

describe('the credential', () => {
  it('has the form that the credential providers of all OSS SDKs read', async () => {
    const { status, body, headers } = await broker.ask();

    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(body)).toEqual([
      'StatusCode',
      'Code',
      'RequestId',
      'AccessKeyId',
      'AccessKeySecret',
      'SecurityToken',
      'Expiration',
      'RefreshAfter',
      'Grant',
    ]);
    expect(body).toMatchObject({
      StatusCode: 200,
      Code: 'Success',
      RequestId: headers.get('x-request-id'),
      Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      Grant: {
        Name: 'user-files',
        Targets: [
          {
            Target: 'oss://app-media/users/user-1/',
            Permissions: ['read', 'write', 'list', 'delete'],
            Region: 'cn-hangzhou',
            Endpoint: broker.simulator.oss.url,
          },
        ],
      },
    });
    const left = Date.parse(String(body['Expiration'])) - Date.parse(String(body['RefreshAfter']));
    expect(left).toBeGreaterThanOrEqual(178_000);
    expect(left).toBeLessThanOrEqual(183_000);
  });

  it('is the same for GET and POST, with one AssumeRole', async () => {
    const claims = { sub: 'twice' };
    const calls = broker.stsCalls();
    const asked = {
      Target: 'oss://app-media/users/twice/a.txt',
      Permissions: ['write'],
      DurationSeconds: 900,
    };
    const posted = await broker.ask({ claims, body: asked });
    const got = await broker.ask({
      claims,
      method: 'GET',
      path: `/v1/credentials?Target=${encodeURIComponent(asked.Target)}&Permissions=write&DurationSeconds=900`,
    });

    expect(got.body['AccessKeyId']).toBe(posted.body['AccessKeyId']);
    expect(got.body['Grant']).toEqual(posted.body['Grant']);
    expect(broker.stsCalls() - calls).toBe(1);
    expect(broker.auditLines().slice(-2)).toMatchObject([{ cacheHit: false }, { cacheHit: true }]);
  });

  it('is never the credential of another caller', async () => {
    const answers = await Promise.all(
      ['a', 'b', 'a', 'b'].map((sub) => broker.ask({ claims: { sub } })),
    );
    const [a, b, a2, b2] = answers.map(({ body }) => body['AccessKeyId']);

    expect(a).not.toBe(b);
    expect([a2, b2]).toEqual([a, b]);
  });

  it('expires with the subject token, or after the shortest duration of STS', async () => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const lives = await Promise.all(
      [1800, 300].map(async (life) => {
        const { body } = await broker.ask({
          claims: { sub: `life-${life}`, exp: nowSeconds + life },
          body: { DurationSeconds: 3600 },
        });
        return Date.parse(String(body['Expiration'])) / 1000 - nowSeconds;
      }),
    );

    expect(lives[0]).toBeGreaterThan(1790);
    expect(lives[0]).toBeLessThanOrEqual(1802);
    expect(lives[1]).toBeGreaterThan(890);
    expect(lives[1]).toBeLessThanOrEqual(904);
  });
});

describe('the method', () => {
  it.each(['HEAD', 'PUT', 'PATCH', 'DELETE'])(
    '%s is refused without asking STS',
    async (method) => {
      const calls = broker.stsCalls();
      const { status, headers } = await broker.ask({ method, claims: { sub: `m-${method}` } });

      expect(status).toBe(405);
      expect(headers.get('allow')).toBe('GET, POST, OPTIONS');
      expect(broker.stsCalls()).toBe(calls);
    },
  );

  it.each([
    '/initialize',
    '/pre-stop',
    '/invoke',
    '/',
    '/v1',
    '/v1/credentials/',
    '/v1//credentials',
  ])('does not matter at %s, which is not found', async (path) => {
    expect((await broker.ask({ path, method: 'GET' })).status).toBe(404);
    expect((await broker.ask({ path, method: 'POST' })).status).toBe(404);
  });

  it('HEAD is answered by health checks', async () => {
    expect((await broker.ask({ path: '/health', method: 'HEAD', token: null })).status).toBe(200);
    expect((await broker.ask({ path: '/ready', method: 'HEAD', token: null })).status).toBe(200);
  });
});

describe('a request', () => {
  it.each([
    ['an unknown member', { body: { Grnt: 'x' } }],
    ['a repeated member', { body: '{"Grant":"user-files","Grant":"user-files"}' }],
    ['a member of the wrong type', { body: { Grant: 1 } }],
    ['a list', { body: '[]' }],
    ['a body that is not JSON', { body: '{' }],
    ['a byte order mark', { body: '\ufeff{}' }],
    ['a duration below the minimum', { body: { DurationSeconds: 899 } }],
    ['a duration as text', { body: { DurationSeconds: '900' } }],
    ['a fraction of a second', { body: { DurationSeconds: 900.5 } }],
    ['an unknown permission', { body: { Permissions: ['admin'] } }],
    ['no permission', { body: { Permissions: [] } }],
    ['a permission twice', { body: { Permissions: ['read', 'read'] } }],
    ['a member of Object.prototype', { body: '{"__proto__":{}}' }],
    ['a token in the query', { method: 'GET', path: '/v1/credentials?access_token=x' }],
    ['a repeated parameter', { method: 'GET', path: '/v1/credentials?Grant=a&Grant=b' }],
    ['a parameter without a value', { method: 'GET', path: '/v1/credentials?Grant' }],
    [
      'an escape that is no character',
      { method: 'GET', path: '/v1/credentials?Target=oss://app-media/users/malformed/%ff/' },
    ],
    [
      'half an escape',
      { method: 'GET', path: '/v1/credentials?Target=oss://app-media/users/malformed/%/' },
    ],
    [
      'a duration that is not an integer',
      { method: 'GET', path: '/v1/credentials?DurationSeconds=9e2' },
    ],
  ])('with %s is refused', async (_what, options) => {
    const calls = broker.stsCalls();
    const { status, body } = await broker.ask({ ...options, claims: { sub: 'malformed' } });

    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid_request' });
    expect(broker.stsCalls()).toBe(calls);
  });

  it.each([
    [4096, 403],
    [4097, 413],
  ])('with a chunked body of %i bytes is answered with %i', async (size, status) => {
    const body = JSON.stringify({ Grant: 'x'.repeat(size - '{"Grant":""}'.length) });
    const token = await broker.issuer.token();
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(
        `${broker.url}/v1/credentials`,
        {
          method: 'POST',
          headers: {
            Authorization: `Bearer ${token}`,
            'Content-Type': 'application/json',
            'Transfer-Encoding': 'chunked',
          },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      sent.once('error', reject);
      sent.write(body.slice(0, 1000));
      sent.end(body.slice(1000));
    });

    expect(answered).toBe(status);
  });

  it.each([
    ['Basic dXNlcjpwdw==', 401],
    ['Bearer', 401],
    ['Bearer a b', 401],
    ['bearer GOOD', 200],
    ['BEARER  GOOD', 200],
  ])('with the Authorization header "%s" is answered with %i', async (value, status) => {
    const Authorization = value.replace('GOOD', await broker.issuer.token());

    expect((await broker.ask({ token: null, headers: { Authorization } })).status).toBe(status);
  });

  it('has its own request ID, whatever the caller sends', async () => {
    const headers = { 'X-Request-Id': 'mine', 'x-fc-request-id': 'also-mine-12345' };
    const ids = await Promise.all([broker.ask({ headers }), broker.ask({ headers })]);

    expect(new Set(ids.map(({ body }) => body['RequestId'])).size).toBe(2);
    for (const { body } of ids) expect(body['RequestId']).toMatch(/^[0-9A-F-]{36}$/);
  });
});

describe('a web page', () => {
  const preflight = (origin: string) =>
    broker.ask({
      token: null,
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization',
      },
    });

  it('of a listed origin may read answers', async () => {
    const { status, headers } = await preflight(ORIGIN);
    const answer = await broker.ask({ headers: { Origin: ORIGIN } });
    const refusal = await broker.ask({ token: 'x', headers: { Origin: ORIGIN } });

    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-allow-headers')).toBe('Authorization,Content-Type');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('cache-control')).toBe('no-store');
    for (const one of [answer, refusal]) {
      expect(one.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(one.headers.get('vary')).toContain('Origin');
    }
  });

  it.each([
    'https://app.example.com.evil.example',
    'https://evil.app.example.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'HTTPS://APP.EXAMPLE.COM',
    'null',
    '*',
  ])('of the origin %s may not read answers', async (origin) => {
    const { status, headers } = await preflight(origin);
    const line = broker.auditLines().at(-1);
    const answer = await broker.ask({ headers: { Origin: origin } });

    expect(status).toBe(403);
    expect(line).toMatchObject({
      decision: 'refused',
      reason: 'origin_not_allowed',
      why: { origin },
      requestId: headers.get('x-request-id'),
    });
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('vary')).toContain('Origin');
  });

  it('of a listed origin may send a preflight, which is neither authenticated nor audited', async () => {
    const lines = broker.auditLines().length;
    await preflight(ORIGIN);

    expect(broker.auditLines()).toHaveLength(lines);
    expect(broker.issuer.requests.jwks).toBeLessThanOrEqual(1);
  });
});

describe('the address of the caller', () => {
  it('is the address of the connection, whatever headers the caller sends', async () => {
    await broker.ask({ headers: { 'X-Forwarded-For': '203.0.113.7', 'X-Real-Ip': '203.0.113.8' } });

    expect(broker.auditLines().at(-1)).toMatchObject({ callerAddress: '127.0.0.1' });
  });
});
