/** Credential URLs through the public door: what is made, what it gives, and for how long. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../../support/broker.ts';
import {
  makeUrl,
  pathOf,
  TICKET_ENVIRONMENT,
  ticketKey,
  URLS_ON,
  useUrl,
} from '../../support/credential-urls.ts';
import { getWithBody } from '../../support/get-with-body.ts';
import { createOssClient, credentialOf, ossRefusal } from '../../support/oss-client.ts';

const CONFIG = `${SIMPLE_CONFIG}${URLS_ON}cors: { origins: ["https://app.example.com"] }
callerAddress: { header: X-Forwarded-For, trustedHops: 1 }
`;
const from = (address: string) => ({ 'X-Forwarded-For': address });
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const secondsLeft = (instant: unknown) => (Date.parse(String(instant)) - Date.now()) / 1000;

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: CONFIG, environment: TICKET_ENVIRONMENT });
});

afterAll(async () => {
  await broker.close();
});

/** A broker with another config, for one test. */
async function withBroker<T>(
  options: Parameters<typeof startTestBroker>[0],
  use: (other: TestBroker) => Promise<T>,
): Promise<T> {
  const other = await startTestBroker({ environment: TICKET_ENVIRONMENT, ...options });
  try {
    return await use(other);
  } finally {
    await other.close();
  }
}

describe('a credential URL', () => {
  it('gives a credential of the narrowed grant that uploads with ali-oss', async () => {
    const made = await makeUrl(broker, {
      claims: { sub: '42' },
      body: { Target: 'oss://app-media/users/42/photos/', Permissions: ['write'] },
    });
    const callsBefore = broker.stsCalls();
    const used = await useUrl(broker, pathOf(made));
    const oss = createOssClient(broker.simulator.oss.url, credentialOf(used.body));
    await oss.put('users/42/photos/a.txt', Buffer.from('a photo'));

    expect(made.status).toBe(200);
    expect(made.body).toMatchObject({
      RequestId: made.headers.get('x-request-id'),
      Url: expect.stringMatching(new RegExp(`^${broker.url}/c/[A-Za-z0-9_.-]+$`)),
      TicketId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      Grant: { Name: 'user-files', Targets: [{ Target: 'oss://app-media/users/42/photos/' }] },
    });
    expect(Object.keys(made.body)).toEqual(['RequestId', 'Url', 'ExpiresAt', 'TicketId', 'Grant']);
    expect(used.body['Grant']).toEqual(made.body['Grant']);
    expect(broker.stsCalls() - callsBefore).toBe(1);
    for (const refused of [
      oss.put('users/42/a.txt', Buffer.from('x')),
      oss.put('users/43/photos/a.txt', Buffer.from('x')),
      oss.get('users/42/photos/a.txt'),
    ]) {
      expect(await ossRefusal(refused)).toBe('AccessDenied');
    }
  });

  it('is audited when it is made and when it is used, by the same id and without the ticket', async () => {
    const made = await makeUrl(broker, { claims: { sub: 'anna', jti: 'j-1' } });
    await useUrl(broker, pathOf(made), from('203.0.113.7'));
    const [making, using] = broker.auditLines().slice(-2);
    const ticketId = made.body['TicketId'];

    expect(making).toMatchObject({
      surface: 'credential_urls',
      decision: 'granted',
      ticketId,
      subject: 'anna',
      tokenId: 'j-1',
      grant: 'user-files',
    });
    expect(making).not.toHaveProperty('accessKeyId');
    expect(Date.parse(String(making?.['ticketExpiration']))).toBe(
      Date.parse(String(made.body['ExpiresAt'])),
    );
    expect(using).toMatchObject({
      surface: 'credential_urls',
      decision: 'granted',
      ticketId,
      subject: 'anna',
      tokenId: 'j-1',
      requested: { grant: 'user-files' },
      callerAddress: '203.0.113.7',
      accessKeyId: expect.stringMatching(/^STS\./),
    });
    expect(broker.log.text).not.toContain(pathOf(made).split('.')[3]);
  });

  it('is audited with what was asked when it is made, even without a valid token', async () => {
    const body = { Permissions: ['read'], DurationSeconds: 900, Uses: 1 };
    const answers = [
      await makeUrl(broker, { body }),
      await makeUrl(broker, { body, token: 'not.a.token' }),
      await makeUrl(broker, { body: { ...body, Uses: 0 } }),
    ];
    const lines = broker.auditLines().slice(-3);

    expect(answers.map(({ status }) => status)).toEqual([200, 401, 400]);
    for (const { requested } of lines) {
      expect(requested).toEqual({ permissions: 'read', duration: '900' });
    }
  });

  it('is audited when it is used with the claims that the audit log shows', async () => {
    await withBroker({ config: `${CONFIG}audit: { claims: [team] }\n` }, async (other) => {
      const made = await makeUrl(other, { claims: { team: 'photos', other: 'x' } });
      await useUrl(other, pathOf(made));
      const [making, using] = other.auditLines().slice(-2);

      expect(using).toMatchObject({ decision: 'granted', claims: [{ value: '"photos"' }] });
      expect(using?.['claims']).toEqual(making?.['claims']);
    });
  });

  it('and its answers are kept by nobody, and lead nowhere', async () => {
    const made = await makeUrl(broker);
    const answers = [made, await useUrl(broker, pathOf(made)), await useUrl(broker, '/c/x.y')];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401]);
    for (const { headers } of answers) {
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
  });

  it('ends with its subject token, whatever life is asked for', async () => {
    const exp = inSeconds(600);
    const made = await makeUrl(broker, { claims: { exp }, body: { LifeSeconds: 3600 } });
    const short = await makeUrl(broker, { claims: { exp }, body: { LifeSeconds: 60 } });
    const whole = await makeUrl(broker, { claims: { exp: inSeconds(86_000) } });

    expect(made.body['ExpiresAt']).toBe(`${new Date(exp * 1000).toISOString().slice(0, 19)}Z`);
    expect(secondsLeft(short.body['ExpiresAt'])).toBeLessThanOrEqual(60);
    expect(secondsLeft(short.body['ExpiresAt'])).toBeGreaterThan(50);
    // maxLife is 1h
    expect(secondsLeft(whole.body['ExpiresAt'])).toBeLessThanOrEqual(3600);
  });

  it('ends when its token is too old, if that is before the end of its token', async () => {
    const config = CONFIG.replace('    types:', '    maxTokenAge: 2h\n    types:');
    await withBroker({ config }, async (other) => {
      const claims = { iat: inSeconds(-6600), exp: inSeconds(3600) };
      const left = secondsLeft((await makeUrl(other, { claims })).body['ExpiresAt']);

      expect(left).toBeGreaterThan(590);
      expect(left).toBeLessThanOrEqual(600);
    });
  });

  it('is not made from a token that is valid by tolerance only', async () => {
    const claims = { iat: inSeconds(-60), exp: inSeconds(-10) };
    const native = await broker.ask({ claims });
    const made = await makeUrl(broker, { claims });

    expect([native.status, made.status]).toEqual([200, 401]);
    expect(made.body['code']).toBe('subject_token_expired');
  });

  it('outlives its token only with beyondToken, and then not the maximum age of a token', async () => {
    const config = CONFIG.replace('{ keys:', '{ beyondToken: true, maxLife: 24h, keys:').replace(
      '    types:',
      '    maxTokenAge: 2h\n    types:',
    );
    await withBroker({ config }, async (other) => {
      const iat = inSeconds(-6600);
      const made = await makeUrl(other, { claims: { iat, exp: inSeconds(60) } });
      const left = secondsLeft(made.body['ExpiresAt']);
      other.clock.offsetMs = 500_000;
      const used = await useUrl(other, pathOf(made));
      other.clock.offsetMs = 700_000;
      const late = await useUrl(other, pathOf(made));

      expect(left).toBeGreaterThan(590);
      expect(left).toBeLessThanOrEqual(600);
      expect([used.status, late.status]).toEqual([200, 401]);
      expect(late.body['code']).toBe('credential_url_expired');
    });
  });

  it('gives a credential that ends with it, as far as STS allows', async () => {
    const made = await makeUrl(broker, {
      claims: { sub: 'ending', exp: inSeconds(86_000) },
      body: { LifeSeconds: 1200, DurationSeconds: 3600 },
    });
    const used = await useUrl(broker, pathOf(made));

    expect(broker.auditLines().at(-1)?.['durationSeconds']).toBeLessThanOrEqual(1200);
    expect(secondsLeft(used.body['Expiration'])).toBeLessThanOrEqual(1201);
  });

  it('made for the mobile SDKs answers refusals as they read them', async () => {
    const made = await makeUrl(broker, {
      claims: { sub: 'phone' },
      body: { For: 'mobile-sdk', Uses: 1 },
    });
    const used = await useUrl(broker, pathOf(made));
    const refused = await useUrl(broker, pathOf(made));
    const unopened = await useUrl(broker, pathOf(made).slice(0, -4));

    expect(used.body).toMatchObject({ StatusCode: 200, Code: 'Success' });
    expect(refused.status).toBe(200);
    expect(refused.body).toEqual({
      StatusCode: 401,
      ErrorCode: 'credential_url_used_up',
      ErrorMessage: expect.stringMatching(/^The credential URL has given/),
      RequestId: refused.headers.get('x-request-id'),
    });
    expect(refused.headers.get('content-type')).toBe('application/json');
    expect(unopened.status).toBe(401);
    expect(unopened.body['code']).toBe('credential_url_invalid');
  });

  it('counts against the limits of its subject, and has their headers', async () => {
    await withBroker(
      { config: `${CONFIG}limits: { subject: { requests: 2, window: 24h } }\n` },
      async (other) => {
        const made = await makeUrl(other, { body: { For: 'mobile-sdk' } });
        const used = await useUrl(other, pathOf(made));
        const beyond = await useUrl(other, pathOf(made));
        const native = await other.ask();

        expect(made.headers.get('ratelimit')).toMatch(/^"subject";r=1;/);
        expect(used.headers.get('ratelimit')).toMatch(/^"subject";r=0;/);
        expect(beyond.body).toMatchObject({ StatusCode: 429, ErrorCode: 'rate_limited' });
        expect(beyond.headers.get('retry-after')).toMatch(/^\d+$/);
        expect(native.status).toBe(429);
      },
    );
  });

  it('uses a one-time token up when it is made, and not when it is used', async () => {
    const config = CONFIG.replace('    types:', '    oneTimeTokens: true\n    types:');
    await withBroker({ config }, async (other) => {
      const token = await other.issuer.token({ jti: 'once' });
      const made = await makeUrl(other, { token });
      const uses = [await useUrl(other, pathOf(made)), await useUrl(other, pathOf(made))];
      const again = [await makeUrl(other, { token }), await other.ask({ token })];
      const malformed = await makeUrl(other, { claims: { jti: 'two' }, body: { Uses: 0 } });
      const repeated = await makeUrl(other, { claims: { jti: 'two' } });

      expect(uses.map(({ status }) => status)).toEqual([200, 200]);
      expect(again.map(({ body }) => body['code'])).toEqual([
        'subject_token_replayed',
        'subject_token_replayed',
      ]);
      expect([malformed.status, repeated.status]).toEqual([400, 200]);
    });
  });

  it('gives back the use of a request that STS refuses', async () => {
    const made = await makeUrl(broker, { claims: { sub: 'unlucky' }, body: { Uses: 1 } });
    broker.simulator.sts.faults.once({ kind: 'clockSkew' });
    const first = await useUrl(broker, pathOf(made));
    const second = await useUrl(broker, pathOf(made));

    expect([first.status, second.status]).toEqual([502, 200]);
  });

  it('can be made by a page of a listed origin only', async () => {
    const preflight = (origin: string) =>
      broker.ask({
        method: 'OPTIONS',
        path: '/v1/credential-urls',
        token: null,
        headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
      });
    const listed = await preflight('https://app.example.com');
    const other = await preflight('https://elsewhere.example.com');

    expect([listed.status, other.status]).toEqual([204, 403]);
    expect(listed.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
  });

  it.each<[string, unknown]>([
    ['a life of none', { LifeSeconds: 0 }],
    ['a life beyond the config', { LifeSeconds: 3601 }],
    ['a life in words', { LifeSeconds: '60' }],
    ['no uses', { Uses: 0 }],
    ['half a use', { Uses: 1.5 }],
    ['too many uses', { Uses: 1001 }],
    ['BindAddress as a text', { BindAddress: 'true' }],
    ['another client', { For: 'browser' }],
    ['an unknown member', { Address: '203.0.113.7' }],
    ['a malformed narrowing', { Permissions: [] }],
  ])('with %s is not made', async (_what, body) => {
    const { status } = await makeUrl(broker, { body: JSON.stringify(body) });

    expect(status).toBe(400);
    expect(broker.auditLines().at(-1)).toMatchObject({
      surface: 'credential_urls',
      reason: 'request_malformed',
    });
  });

  it('is not made for a client that does not take JSON', async () => {
    const { status } = await makeUrl(broker, { headers: { Accept: 'text/html' } });

    expect(status).toBe(406);
  });

  it('is not made with a query', async () => {
    const { status } = await makeUrl(broker, { path: '/v1/credential-urls?Uses=1' });

    expect(status).toBe(400);
  });

  it('is not made from claims that do not fit into a URL', async () => {
    const claims = { sub: 'u'.repeat(64), jti: 'j'.repeat(1024), aud: manyAudiences(1800) };
    const large = await makeUrl(broker, { claims });
    const native = await broker.ask({ claims });
    // claims that decide nothing stay out of the ticket
    const fits = await makeUrl(broker, { claims: { biography: 'x'.repeat(4000) } });

    expect([large.status, native.status, fits.status]).toEqual([403, 200, 200]);
    expect(large.body['code']).toBe('credential_url_too_long');
    expect(String(fits.body['Url']).length).toBeLessThan(1300);
    expect(broker.auditLines().some(({ reason }) => reason === 'ticket_too_large')).toBe(true);
  });

  it.each(['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'is not used by %s, which uses nothing up',
    async (method) => {
      const made = await makeUrl(broker, { claims: { sub: 'methods' }, body: { Uses: 1 } });
      const path = pathOf(made);
      const refused = await broker.ask({ method, path, token: null });
      const used = await useUrl(broker, path);

      expect([refused.status, used.status]).toEqual([405, 200]);
      expect(refused.headers.get('allow')).toBe('GET');
    },
  );

  it.each<[string, string, Readonly<Record<string, string>>, object]>([
    ['a query', '?Permissions=read', {}, { why: { problem: 'the request has a query' } }],
    [
      'an Authorization header',
      '',
      { Authorization: 'Bearer x' },
      { why: { problem: 'the request has an Authorization header' } },
    ],
    ['an Accept header without JSON', '', { Accept: 'text/html' }, { reason: 'not_acceptable' }],
  ])('is not used with %s', async (_what, query, headers, line) => {
    const made = await makeUrl(broker, { claims: { sub: 'bare' }, body: { Uses: 1 } });
    const callsBefore = broker.stsCalls();
    const refused = await useUrl(broker, `${pathOf(made)}${query}`, headers);

    expect([400, 406]).toContain(refused.status);
    expect(broker.auditLines().at(-1)).toMatchObject(line);
    expect(broker.stsCalls()).toBe(callsBefore);
    expect((await useUrl(broker, pathOf(made))).status).toBe(200);
  });

  it('is not used with a body, since that could ask for less', async () => {
    const made = await makeUrl(broker, { claims: { sub: 'bodied' }, body: { Uses: 1 } });
    const status = await getWithBody(`${broker.url}${pathOf(made)}`, {}, '{}');

    expect(status).toBe(400);
    expect(broker.auditLines().at(-1)).toMatchObject({ why: { problem: 'a GET has a body' } });
    expect((await useUrl(broker, pathOf(made))).status).toBe(200);
  });

  it.each(['/c/', '/c', '/c/a/b', '/c/%65yJ'])('has no other form: %s', async (path) => {
    const { status } = await useUrl(broker, path);

    expect([401, 404]).toContain(status);
  });
});

describe('a broker without credential URLs', () => {
  it.each(['', 'publicUrl: "{{broker}}"\n', 'surfaces: { tokenExchange: true }\n'])(
    'answers 404 with the config %j',
    async (setting) => {
      await withBroker({ config: `${SIMPLE_CONFIG}${setting}` }, async (off) => {
        const statuses = [(await makeUrl(off)).status, (await useUrl(off, '/c/a')).status];

        expect(statuses).toEqual([404, 404]);
        expect(off.auditLines().at(-1)?.['surface']).toBe('native');
      });
    },
  );
});

describe('a broker that changes its keys', () => {
  it('opens the tickets of every key that it still has, and no others', async () => {
    const [one, two, three] = [
      '{ id: k1, keyFrom: ONE }',
      '{ id: k2, keyFrom: TWO }',
      '{ id: k1, keyFrom: TWO }',
    ];
    const environment = { ONE: ticketKey(1), TWO: ticketKey(2) };
    const configOf = (keys: readonly (string | undefined)[]) =>
      `${SIMPLE_CONFIG}publicUrl: https://broker.example.com\nsurfaces: { credentialUrls: { keys: [${keys.join(', ')}] } }\n`;
    await withBroker({ config: configOf([one]), environment }, async (before) => {
      const path = pathOf(await makeUrl(before));
      const statuses = [];
      for (const keys of [[two, one], [one, two], [two], [three]]) {
        const status = await withBroker(
          { config: configOf(keys), environment, issuer: before.issuer },
          async (after) => (await useUrl(after, path)).status,
        );
        statuses.push(status);
      }

      expect(statuses).toEqual([200, 200, 401, 401]);
    });
  });

  it('opens no ticket of a broker with another address', async () => {
    const configOf = (host: string) =>
      `${SIMPLE_CONFIG}publicUrl: https://${host}\nsurfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: TICKET_KEY_K1 }] } }\n`;
    await withBroker({ config: configOf('staging.example.com') }, async (staging) => {
      const path = pathOf(await makeUrl(staging));
      const status = await withBroker(
        { config: configOf('broker.example.com'), issuer: staging.issuer },
        async (other) => (await useUrl(other, path)).status,
      );

      expect([(await useUrl(staging, path)).status, status]).toEqual([200, 401]);
    });
  });
});

function manyAudiences(characters: number): readonly string[] {
  const others = Array.from({ length: characters / 20 }, (_, n) => `audience-${n}`.padEnd(20, 'x'));
  return ['oss-token-broker', ...others];
}
