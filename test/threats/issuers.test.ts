import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import type { Lookup } from '../../src/subject-token/keys/issuer-fetch.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { generateSigningKey, type SigningKey, signCompact } from '../support/keys.ts';
import { privateAddress } from '../support/private-address.ts';
import { createScriptedDns } from '../support/scripted-dns.ts';

let broker: TestBroker;
let partner: TestIssuer;

beforeAll(async () => {
  partner = await createTestIssuer();
  broker = await startTestBroker({
    config: SIMPLE_CONFIG.replace(
      'grants:',
      `  - name: partner\n    issuer: "${partner.url}"\n    audiences: [partner-api]\n    attributes: { user: { claim: sub } }\ngrants:\n  - name: partner-files\n    issuer: partner\n    role: acs:ram::123456789012:role/oss-uploader\n    allow: [{ target: "oss://app-media/partners/{user}/", permissions: [read] }]`,
    ),
  });
});

afterAll(async () => {
  await Promise.all([broker.close(), partner.close()]);
});

const load = (text: string) =>
  loadConfig({
    text: text
      .replace('{{issuer}}', 'https://login.example.com')
      .replace('{{sts}}', '127.0.0.1:1')
      .replace('{{oss}}', 'http://127.0.0.1:1'),
    file: 'broker.yaml',
    environment: {},
  });

async function expectRefused(
  claims: Readonly<Record<string, unknown>>,
  reason: string,
): Promise<void> {
  const calls = broker.stsCalls();
  expect((await broker.ask({ claims })).status).toBe(401);
  expect(broker.auditLines().at(-1)).toMatchObject({ reason });
  expect(broker.stsCalls()).toBe(calls);
}

describe('threat 6: issuers that look alike, and keys of another issuer', () => {
  it('iss is compared exactly', async () => {
    const { url } = broker.issuer;
    const lookalikes = [
      `${url}/`,
      `${url}/..`,
      url.toUpperCase(),
      `${url}#`,
      `${url}?`,
      ` ${url}`,
      `${url}\u0000`,
      url.replace('127.0.0.1', '127.1'),
      url.replace('://', '://user@'),
      `${url}.evil.example`,
    ];
    for (const iss of lookalikes) await expectRefused({ iss }, 'issuer_untrusted');

    expect((await broker.ask()).status).toBe(200);
  });

  it('the key of one issuer is not accepted for another, even with the same kid', async () => {
    const [own] = broker.issuer.keys();
    const [other] = partner.keys();
    const header = { alg: 'ES256', kid: own.keyId, typ: 'JWT' };
    const token = signCompact(header, broker.issuer.claims(), other);

    expect(other.keyId).toBe(own.keyId);
    expect((await broker.ask({ token: await partner.token({ aud: 'partner-api' }) })).status).toBe(
      200,
    );
    expect((await broker.ask({ token })).status).toBe(401);
    expect(
      (await broker.ask({ token: signCompact(header, broker.issuer.claims(), own) })).status,
    ).toBe(200);
  });

  it('the grants of one issuer do not fit tokens of another', async () => {
    const token = await partner.token({ aud: 'partner-api' });
    const answer = await broker.ask({ token, body: { Grant: 'user-files' } });

    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'no_grant' });
  });
});

describe('threat 7: claims of the wrong type', () => {
  it.each([
    [{ iss: ['x'] }, 'issuer_untrusted'],
    [{ iss: { toString: 'x' } }, 'issuer_untrusted'],
    [{ sub: ['user-1'] }, 'claim_invalid'],
    [{ sub: { $ne: '' } }, 'claim_invalid'],
    [{ sub: 1 }, 'claim_invalid'],
    [{ sub: null }, 'claim_invalid'],
    [{ sub: '' }, 'claim_invalid'],
    [{ aud: { 0: 'oss-token-broker' } }, 'claim_invalid'],
    [{ aud: ['oss-token-broker', 1] }, 'claim_invalid'],
    [{ aud: [] }, 'audience_mismatch'],
    [{ exp: '9999999999' }, 'claim_invalid'],
    [{ exp: true }, 'claim_invalid'],
    [{ exp: -1 }, 'claim_invalid'],
    [{ iat: '0' }, 'claim_invalid'],
    [{ nbf: '0' }, 'claim_invalid'],
    [{ jti: 1 }, 'claim_invalid'],
  ])('%j is refused', async (claims, reason) => {
    await expectRefused(claims, reason);
  });

  it('claims of the right types are accepted', async () => {
    expect(
      (await broker.ask({ claims: { aud: ['x', 'oss-token-broker'], jti: 'a', nbf: 1 } })).status,
    ).toBe(200);
  });
});

describe('threat 8: audiences of other services', () => {
  it.each(['oss-token-broke', 'oss-token-broker ', 'OSS-TOKEN-BROKER', 'partner-api', ''])(
    '"%s" is refused',
    async (aud) => {
      await expectRefused({ aud }, 'audience_mismatch');
    },
  );

  it('a config without an audience does not load', () => {
    expect(() => load(SIMPLE_CONFIG)).not.toThrow();
    expect(() =>
      load(SIMPLE_CONFIG.replace('audiences: [oss-token-broker]', 'audiences: []')),
    ).toThrow(ConfigError);
    expect(() => load(SIMPLE_CONFIG.replace('    audiences: [oss-token-broker]\n', ''))).toThrow(
      ConfigError,
    );
  });
});

describe('threats 9 and 10: multi-tenant issuers, and names that can be registered again', () => {
  const github = (condition: string) =>
    load(
      SIMPLE_CONFIG.replace('"{{issuer}}"', 'https://token.actions.githubusercontent.com').replace(
        '    role:',
        `    when: [${condition}]\n    role:`,
      ),
    ).warnings;

  it('cause a warning, but a condition on a permanent ID does not', () => {
    expect(github('').length).toBe(1);
    expect(github('{ claim: repository, equals: acme/app }')[0]?.message).toContain(
      'once it is given up',
    );
    expect(github('{ claim: repository_id, equals: "1" }')).toEqual([]);
  });
});

describe('threat 20: server-side request forgery', () => {
  it.each([
    'http://100.100.100.200/latest/meta-data/',
    'http://169.254.169.254/',
    'http://login.example.com',
    'https://user:password@login.example.com',
    'file:///etc/passwd',
    'http://0x7f.1/',
    'http://[::ffff:169.254.169.254]/',
  ])('the issuer %s does not load', (url) => {
    const config = SIMPLE_CONFIG.replace('"{{issuer}}"', url);
    // a URL parser reads 0x7f.1 as 127.0.0.1, and http to loopback is allowed for development
    if (new URL(url).hostname === '127.0.0.1') expect(() => load(config)).not.toThrow();
    else expect(() => load(config)).toThrow(ConfigError);
  });

  it('only the configured issuer is asked, whatever its documents say', async () => {
    let asked = 0;
    const inside = createServer((_request, response) => {
      asked++;
      response.end('{"keys":[]}');
    });
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    const address = inside.address();
    const target =
      typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/` : '';
    for (const redirect of [
      (issuer: TestIssuer) => issuer.discover({ jwks_uri: target }),
      (issuer: TestIssuer) => issuer.fault('jwks', { kind: 'redirect', location: target }),
      (issuer: TestIssuer) => issuer.fault('discovery', { kind: 'redirect', location: target }),
      (issuer: TestIssuer) => issuer.discover({ issuer: target }),
    ]) {
      const issuer = await createTestIssuer();
      redirect(issuer);
      const own = await startTestBroker({
        config: SIMPLE_CONFIG.replace('{{issuer}}', issuer.url),
      });

      expect((await own.ask({ token: await issuer.token() })).status).toBe(503);
      await Promise.all([own.close(), issuer.close()]);
    }
    expect(asked).toBe(0);
    inside.close();
  });
});

describe('threat 20: host names that resolve to internal addresses', () => {
  let inside: Server;
  let port: number;
  let connections = 0;

  beforeAll(async () => {
    inside = createServer((_request, response) => response.end('{"keys":[]}'));
    inside.on('connection', () => connections++);
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    const address = inside.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  afterAll(() => inside.close());

  const configOf = (issuer: string, more = '') =>
    SIMPLE_CONFIG.replace('"{{issuer}}"', `"${issuer}"\n${more}`);

  /** The audit line's problem for an issuer whose host has these addresses. */
  async function problemAt(addresses: readonly string[], issuer: string, more?: string) {
    const { lookup } = createScriptedDns(addresses);
    const own = await startTestBroker({ config: configOf(issuer, more), lookup });
    const answer = await own.ask({ claims: { iss: issuer } });
    const line = own.auditLines().at(-1);
    await own.close();

    expect(answer.status).toBe(503);
    expect(own.stsCalls()).toBe(0);
    expect(answer.text).not.toMatch(/address|network|example/);
    expect(line).toMatchObject({ reason: 'issuer_keys_unavailable' });
    return whyOf(line);
  }

  function whyOf(line: Readonly<Record<string, unknown>> | undefined): string {
    const why = line?.['why'];
    return typeof why === 'object' && why !== null && 'problem' in why ? String(why.problem) : '';
  }

  it.each([
    [['127.0.0.1'], 'a loopback address'],
    [['::ffff:127.0.0.1'], 'a loopback address'],
    [['8.8.8.8', '127.0.0.1'], 'a loopback address'],
    [['100.100.100.200'], 'never connects'],
    [['::ffff:100.100.100.200'], 'never connects'],
    [['64:ff9b::6464:64c8'], 'never connects'],
    [['169.254.169.254'], 'never connects'],
    [['0.0.0.0'], 'never connects'],
    [['10.0.0.1'], 'a private network'],
    [['fd00::1'], 'a private network'],
  ])('%j are not connected to, neither for discovery nor for the JWKS', async (addresses, why) => {
    const before = connections;
    const issuer = `https://login.example.com:${port}`;
    const pinned = `    jwksUri: "https://keys.example.com:${port}/jwks?secret=canary"`;

    const discovery = await problemAt(addresses, issuer);
    expect(discovery).toContain('the discovery document: login.example.com has');
    expect(discovery).toContain(why);
    const jwks = await problemAt(addresses, issuer, pinned);
    expect(jwks).toContain('the JWKS: keys.example.com has');
    expect(jwks).toContain(why);
    expect(jwks).not.toContain('canary');
    expect(connections).toBe(before);
  });

  it.each([
    'https://100.100.100.200',
    'https://1684301000',
    'https://[::ffff:6464:64c8]',
    'https://169.254.169.254',
    'https://10.0.0.1',
    'https://[::ffff:127.0.0.1]',
    'https://0',
  ])('the address %s as the issuer is not connected to either', async (issuer) => {
    const { lookup, asked } = createScriptedDns(['8.8.8.8']);
    const own = await startTestBroker({ config: configOf(issuer), lookup });

    expect((await own.ask({ claims: { iss: issuer } })).status).toBe(503);
    expect(whyOf(own.auditLines().at(-1))).toMatch(/never connects|private network|loopback/);
    expect(asked).toEqual([]);
    await own.close();
  });

  it('a name is checked for each request, since its addresses can change in between', async () => {
    const { lookup, asked } = createScriptedDns(['127.0.0.1'], ['100.100.100.200']);
    const issuer = await createTestIssuer();
    const { port: issuerPort } = new URL(issuer.url);
    const name = `http://localhost:${issuerPort}`;
    issuer.discover({ issuer: name, jwks_uri: `${name}/jwks.json` });
    const askWith = async (resolve: Lookup) => {
      const own = await startTestBroker({ config: configOf(name), issuer, lookup: resolve });
      const { status } = await own.ask({ claims: { iss: name } });
      const problem = whyOf(own.auditLines().at(-1));
      await own.close();
      return { status, problem };
    };

    expect(await askWith(lookup)).toEqual({
      status: 503,
      problem: expect.stringMatching(/^the JWKS: localhost has .* never connects to one$/),
    });
    expect(asked).toHaveLength(2);
    expect(issuer.requests).toEqual({ discovery: 1, jwks: 0, other: 0 });
    expect(await askWith(createScriptedDns(['127.0.0.1']).lookup)).toMatchObject({ status: 200 });
    await issuer.close();
  });

  it('privateNetwork: true allows private networks and no other internal address', async () => {
    const issuer = `https://login.example.com:${port}`;
    const more = '    privateNetwork: true';

    expect(await problemAt([privateAddress()], issuer)).toContain('a private network');
    expect(await problemAt([privateAddress()], issuer, more)).toMatch(
      /: (?:cannot be reached \(E[A-Z]+\)|took too long)$/,
    );
    for (const metadata of ['100.100.100.200', '::ffff:0:100.100.100.200', '::ffff:0:a9fe:a9fe']) {
      expect(await problemAt([metadata], issuer, more)).toContain('never connects');
    }
    expect(await problemAt(['127.0.0.1'], issuer, more)).toContain('loopback');
  });
});

describe('threat 21: withdrawn keys', () => {
  it('are no longer accepted once the keys were fetched again', async () => {
    const own = await startTestBroker();
    const [old] = own.issuer.keys();
    const withOld = () => own.issuer.token({}, { key: old, header: { kid: old.keyId } });
    expect((await own.ask({ token: await withOld() })).status).toBe(200);
    own.issuer.rotate();
    expect((await own.ask()).status).toBe(200);

    expect((await own.ask({ token: await withOld() })).status).toBe(401);
    await own.close();
  });

  it('are accepted for one day at most while the issuer is down', async () => {
    const own = await startTestBroker();
    // refused for its target, which is checked only after the subject token was accepted
    const ask = async () => (await own.ask({ body: { Target: 'oss://app-media/x' } })).status;
    expect(await ask()).toBe(403);
    own.issuer.fault('discovery', { kind: 'status', status: 500 });
    own.clock.offsetMs = 23 * 3_600_000;
    expect(await ask()).toBe(403);
    own.clock.offsetMs = 25 * 3_600_000;

    expect(await ask()).toBe(503);
    await own.close();
  });
});

describe('threat 34: weak keys', () => {
  it.each([
    ['an RSA key of 1024 bits', generateSigningKey('RS256', 'weak', { rsaBits: 1024 }), {}],
    ['an RSA key with exponent 3', generateSigningKey('RS256', 'weak', { rsaExponent: 3 }), {}],
    ['a key for encryption', generateSigningKey('ES256', 'weak'), { use: 'enc' }],
    ['a key with key_ops sign only', generateSigningKey('ES256', 'weak'), { key_ops: ['sign'] }],
    ['a key for another algorithm', generateSigningKey('ES256', 'weak'), { alg: 'ES384' }],
  ])('%s is not used', async (_what, key, change) => {
    const own = await startTestBroker();
    const sign = (by: SigningKey) =>
      signCompact({ alg: by.algorithm, kid: 'weak', typ: 'JWT' }, own.issuer.claims(), by);
    own.issuer.publish({ keys: [{ ...key.publicJwk, ...change }] });
    const refused = await own.ask({ token: sign(key) });
    const strong = generateSigningKey(key.algorithm, 'weak');
    own.issuer.publish({ keys: [strong.publicJwk] });
    own.clock.offsetMs = 60_000;
    const granted = await own.ask({ token: sign(strong) });

    expect([refused.status, granted.status]).toEqual([401, 200]);
    await own.close();
  });

  it('two keys with the same kid are both ignored', async () => {
    const own = await startTestBroker();
    const [key] = own.issuer.keys();
    own.issuer.publish({
      keys: [key.publicJwk, { ...generateSigningKey('ES256', key.keyId).publicJwk }],
    });

    expect((await own.ask()).status).toBe(401);
    await own.close();
  });
});

describe('threat 35: a manipulated config', () => {
  it('does not load with an unknown key or an unknown permission', () => {
    expect(() => load(`${SIMPLE_CONFIG}debug: true\n`)).toThrow('unknown key "debug"');
    expect(() =>
      load(SIMPLE_CONFIG.replace('[read, write, list, delete]', '[read, admin]')),
    ).toThrow(ConfigError);
  });
});
