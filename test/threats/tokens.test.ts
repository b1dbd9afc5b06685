import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, startTestBroker, type TestBroker } from '../support/broker.ts';
import {
  base64Url,
  generateSigningKey,
  publishedSecrets,
  signCompact,
  signHs256,
  unsignedCompact,
} from '../support/keys.ts';

let broker: TestBroker;
const attacker = generateSigningKey('ES256', 'es256-1');

beforeAll(async () => {
  broker = await startTestBroker();
});

afterAll(async () => {
  await broker.close();
});

const good = () => ({ alg: 'ES256', kid: broker.issuer.keys()[0].keyId, typ: 'JWT' });

/** Expects that the subject token is refused and that STS is not asked. */
async function expectRefused(token: string, reason?: string): Promise<Answer> {
  const calls = broker.stsCalls();
  const answer = await broker.ask({ token });
  expect(answer.status).toBe(401);
  expect(answer.body['code']).toMatch(/^subject_token_(?:invalid|expired)$/);
  if (reason !== undefined) expect(broker.auditLines().at(-1)).toMatchObject({ reason });
  expect(broker.stsCalls()).toBe(calls);
  return answer;
}

async function expectGranted(token: string): Promise<void> {
  expect((await broker.ask({ token })).status).toBe(200);
}

describe('threat 1: algorithm confusion', () => {
  it('a published key in any form is not accepted as an HMAC secret', async () => {
    const [key] = broker.issuer.keys();
    for (const [, secret] of publishedSecrets(key)) {
      for (const alg of ['HS256', 'HS384', 'HS512']) {
        await expectRefused(
          signHs256({ ...good(), alg }, broker.issuer.claims(), secret),
          'algorithm_not_allowed',
        );
      }
    }
    await expectGranted(signCompact(good(), broker.issuer.claims(), key));
  });

  it('an allowed algorithm is refused with a key of another type', async () => {
    await expectRefused(
      signCompact({ ...good(), alg: 'RS256' }, broker.issuer.claims(), broker.issuer.keys()[0]),
    );
  });
});

describe('threat 2: alg none', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', ''])(
    '"%s" is refused, with and without a signature',
    async (alg) => {
      await expectRefused(unsignedCompact({ ...good(), alg }, broker.issuer.claims()));
      await expectRefused(unsignedCompact({ ...good(), alg }, broker.issuer.claims(), 'AAAA'));
    },
  );

  it.each([[undefined], [null], [1], [['ES256']], [{}]])('%j as alg is refused', async (alg) => {
    await expectRefused(
      signCompact({ ...good(), alg }, broker.issuer.claims(), broker.issuer.keys()[0]),
    );
  });
});

describe('threat 3: keys in the token', () => {
  let listener: Server;
  let asked = 0;
  let url = '';

  beforeAll(async () => {
    listener = createServer((_request, response) => {
      asked++;
      response.end(JSON.stringify({ keys: [attacker.publicJwk] }));
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const address = listener.address();
    url =
      typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/` : '';
  });

  afterAll(() => {
    listener.close();
  });

  it('are neither used nor fetched', async () => {
    for (const header of [
      { jwk: attacker.publicJwk },
      { jku: url },
      { x5u: url },
      { x5c: ['MIIB'] },
      { jwk: attacker.publicJwk, kid: undefined },
    ]) {
      await expectRefused(
        signCompact({ ...good(), ...header }, broker.issuer.claims(), attacker),
        'header_not_allowed',
      );
    }
    expect(asked).toBe(0);
    expect((await fetch(url)).status).toBe(200);
  });
});

describe('threat 4: kid as path, query, URL or prototype', () => {
  it.each([
    '../../../../dev/null',
    "x' UNION SELECT 'key",
    'http://127.0.0.1:1/key',
    '__proto__',
    'constructor',
    'toString',
    'x'.repeat(257),
    '',
  ])('"%s" is only an unknown kid', async (kid) => {
    await expectRefused(signCompact({ ...good(), kid }, broker.issuer.claims(), attacker));
  });

  it.each([[null], [1], [{}], [['es256-1']]])('%j is refused as a kid', async (kid) => {
    await expectRefused(
      signCompact({ ...good(), kid }, broker.issuer.claims(), broker.issuer.keys()[0]),
      'header_not_allowed',
    );
  });
});

describe('threat 5: unknown critical headers', () => {
  it.each([[['exp']], [['b64']], [[]], ['b64']])('crit %j is refused', async (crit) => {
    await expectRefused(
      signCompact({ ...good(), crit, b64: false }, broker.issuer.claims(), broker.issuer.keys()[0]),
      'header_not_allowed',
    );
  });
});

describe('threat 22: large and malformed tokens', () => {
  it.each([
    ['dots', '.'.repeat(8000)],
    ['a JWE', `${base64Url('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.AA.AA.AA.AA`],
    ['two segments', 'AA.AA'],
    ['12,000 characters', 'A'.repeat(12_000)],
    ['a header that is not JSON', `${base64Url('{')}.${base64Url('{}')}.AAAA`],
    ['a payload that is a list', `${base64Url('{"alg":"ES256"}')}.${base64Url('[]')}.AAAA`],
    ['padding', `${base64Url('{"alg":"ES256"}')}=.${base64Url('{}')}.AAAA`],
    [
      'deep JSON',
      `${base64Url('{"alg":"ES256"}')}.${base64Url(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`)}.AAAA`,
    ],
  ])('%s is refused', async (_what, token) => {
    await expectRefused(token);
  });

  it('a repeated member at any depth is refused, even with a valid signature', async () => {
    const [key] = broker.issuer.keys();
    const claims = JSON.stringify(broker.issuer.claims());
    const twice = claims.replace('{', '{"sub":"admin",');
    const deep = claims.replace('{', '{"x":{"a":{"b":1,"b":2}},');
    const escaped = claims.replace('{', '{"\\u0073ub":"admin",');

    for (const payload of [twice, deep, escaped]) {
      await expectRefused(signCompact(good(), payload, key), 'token_malformed');
    }
    await expectGranted(signCompact(good(), claims.replace('{', '{"x":{"a":{"b":1,"c":2}},'), key));
  });
});

describe('threat 23: replay', () => {
  it('a token without a current exp and iat is refused', async () => {
    const [key] = broker.issuer.keys();
    const nowSeconds = Math.floor(Date.now() / 1000);
    for (const change of [
      { exp: undefined },
      { iat: undefined },
      { iat: nowSeconds + 3600 },
      { iat: nowSeconds - 90_000 },
      { exp: nowSeconds - 60 },
    ]) {
      await expectRefused(signCompact(good(), broker.issuer.claims(change), key));
    }
  });

  it('each token is accepted in one spelling only', async () => {
    const token = await broker.issuer.token();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const spellings = [...alphabet].map((character) => token.slice(0, -1) + character);
    const statuses = await Promise.all(
      spellings.map(async (one) => (await broker.ask({ token: one })).status),
    );

    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  });
});

describe('threat 31: clock skew', () => {
  it.each([
    [29, 200],
    [32, 401],
  ])('a token presented %i seconds after its exp is answered with %i', async (late, status) => {
    const exp = Math.floor(Date.now() / 1000) - late;

    expect((await broker.ask({ claims: { exp, iat: exp - 60 } })).status).toBe(status);
  });

  it('an exp in the year 9999 gives no credential beyond the grant’s duration', async () => {
    const { body } = await broker.ask({ claims: { sub: 'eternal', exp: 253_402_300_799 } });
    const left = Date.parse(String(body['Expiration'])) - Date.now();

    expect(left).toBeLessThanOrEqual(900_000);
  });
});

describe('threat 33: tokens made for something else', () => {
  it.each([
    [
      'a logout token',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      {},
    ],
    ['a sender-constrained token', { cnf: { jkt: 'x' } }, {}],
    ['a token of the type logout+jwt', {}, { typ: 'logout+jwt' }],
    ['a nested token', {}, { cty: 'JWT', typ: 'JOSE' }],
    ['an encrypted token', {}, { enc: 'A256GCM' }],
    ['a compressed token', {}, { zip: 'DEF' }],
  ])('%s is refused', async (_what, claims, header) => {
    await expectRefused(
      signCompact({ ...good(), ...header }, broker.issuer.claims(claims), broker.issuer.keys()[0]),
    );
  });

  it.each(['JWT', 'at+jwt', 'application/at+jwt', undefined])(
    'the type %s is accepted',
    async (typ) => {
      await expectGranted(
        signCompact({ ...good(), typ }, broker.issuer.claims(), broker.issuer.keys()[0]),
      );
    },
  );
});
