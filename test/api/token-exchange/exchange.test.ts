/** A token exchange through the public door. */
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { createOssClient, credentialOf, ossRefusal } from '../../support/oss-client.ts';
import { formOf, throughTokenExchange } from '../../support/token-exchange.ts';

const CONFIG = `${SIMPLE_CONFIG}
surfaces: { tokenExchange: true }
cors: { origins: ["https://app.example.com"] }
`;
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ISSUED = 'urn:oss-token-broker:token-type:sts-credential';

let broker: TestBroker;
let door: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: CONFIG });
  door = throughTokenExchange(broker);
});

afterAll(async () => {
  await broker.close();
});

/** Sends a good form after a change. */
async function askWith(change: (form: URLSearchParams) => void, token?: string) {
  const form = formOf(token ?? (await broker.issuer.token({ sub: '42' })));
  change(form);
  return door.ask({ body: form.toString() });
}

describe('a token exchange', () => {
  it('by oauth4webapi gives a credential that uploads with ali-oss', async () => {
    const server = { issuer: broker.url, token_endpoint: `${broker.url}/oauth/token` };
    const client = { client_id: 'uploader' };
    const response = await oauth.genericTokenEndpointRequest(
      server,
      client,
      oauth.None(),
      GRANT_TYPE,
      {
        subject_token: await broker.issuer.token({ sub: '42' }),
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: 'oss://app-media/users/42/photos/',
        scope: 'read write',
      },
      { [oauth.allowInsecureRequests]: true },
    );
    const answer = await oauth.processGenericTokenEndpointResponse(server, client, response, {
      recognizedTokenTypes: { n_a: () => {} },
    });
    const oss = createOssClient(broker.simulator.oss.url, credentialOf(answer));
    await oss.put('users/42/photos/a.txt', Buffer.from('a photo'));
    const { content } = await oss.get('users/42/photos/a.txt');

    expect(String(content)).toBe('a photo');
    expect(await ossRefusal(oss.put('users/43/photos/a.txt', Buffer.from('x')))).toBe(
      'AccessDenied',
    );
    expect(answer).toMatchObject({ issued_token_type: ISSUED, scope: 'read write' });
  });

  it('answers with the members of RFC 8693 and those of STS beside them', async () => {
    const { status, headers, body } = await door.ask({
      claims: { sub: 'anna', exp: Math.floor(Date.now() / 1000) + 3600 },
      body: { Grant: 'user-files', DurationSeconds: 1800 },
    });
    const expiresIn = Number(body['expires_in']);

    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-type')).toBe('application/json');
    expect(Object.keys(body)).toEqual([
      'access_token',
      'issued_token_type',
      'token_type',
      'expires_in',
      'scope',
      'AccessKeyId',
      'AccessKeySecret',
      'SecurityToken',
      'Expiration',
      'RefreshAfter',
      'Grant',
    ]);
    expect(body).toMatchObject({
      access_token: body['SecurityToken'],
      issued_token_type: ISSUED,
      token_type: 'N_A',
      scope: 'read write list delete',
      Grant: { Name: 'user-files', Targets: [{ Target: 'oss://app-media/users/anna/' }] },
    });
    expect(expiresIn).toBeGreaterThan(1790);
    expect(expiresIn).toBeLessThanOrEqual(1800);
    expect(broker.auditLines().at(-1)).toMatchObject({
      surface: 'token_exchange',
      decision: 'granted',
      requested: { grant: 'user-files', duration: '1800' },
      durationSeconds: 1800,
      accessKeyId: body['AccessKeyId'],
    });
  });

  it.each([
    'urn:ietf:params:oauth:token-type:jwt',
    'urn:ietf:params:oauth:token-type:access_token',
    'urn:ietf:params:oauth:token-type:id_token',
  ])('takes a subject token of the type %s', async (type) => {
    const { status } = await askWith((form) => form.set('subject_token_type', type));

    expect(status).toBe(200);
  });

  it('takes the type of what it issues as requested_token_type', async () => {
    const { status } = await askWith((form) => form.set('requested_token_type', ISSUED));

    expect(status).toBe(200);
  });

  it.each<[string, string, (form: URLSearchParams) => void]>([
    ['no grant type', 'invalid_request', (form) => form.delete('grant_type')],
    ['another grant type', 'unsupported_grant_type', (form) => form.set('grant_type', 'password')],
    ['no subject token', 'invalid_request', (form) => form.delete('subject_token')],
    ['an empty subject token', 'invalid_request', (form) => form.set('subject_token', '')],
    ['two subject tokens', 'invalid_request', (form) => form.append('subject_token', 'x')],
    ['no subject token type', 'invalid_request', (form) => form.delete('subject_token_type')],
    [
      'a SAML subject token',
      'invalid_request',
      (form) => form.set('subject_token_type', 'urn:ietf:params:oauth:token-type:saml2'),
    ],
    [
      'a wish for an access token',
      'invalid_request',
      (form) => form.set('requested_token_type', 'urn:ietf:params:oauth:token-type:access_token'),
    ],
    ['an actor token', 'invalid_request', (form) => form.set('actor_token', 'x')],
    ['a client secret', 'invalid_request', (form) => form.set('client_secret', 'x')],
    ['an unknown parameter', 'invalid_request', (form) => form.set('Grant', 'user-files')],
    ['an audience', 'invalid_target', (form) => form.set('audience', 'oss')],
    ['an empty resource', 'invalid_request', (form) => form.set('resource', '')],
    [
      'two resources',
      'invalid_target',
      (form) => {
        form.append('resource', 'oss://app-media/users/42/a/');
        form.append('resource', 'oss://app-media/users/42/b/');
      },
    ],
    ['an empty scope', 'invalid_scope', (form) => form.set('scope', '')],
    ['an unknown permission', 'invalid_scope', (form) => form.set('scope', 'read admin')],
    ['a repeated permission', 'invalid_scope', (form) => form.set('scope', 'read read')],
    ['a duration in words', 'invalid_request', (form) => form.set('duration_seconds', '15m')],
    ['a duration that is too short', 'invalid_request', (f) => f.set('duration_seconds', '899')],
    ['an empty grant', 'invalid_request', (form) => form.set('grant', '')],
  ])('with %s is refused as %s', async (_what, error, change) => {
    const callsBefore = broker.stsCalls();
    const { status, body } = await askWith(change);

    expect(status).toBe(400);
    expect(body).toMatchObject({ error });
    expect(broker.stsCalls()).toBe(callsBefore);
  });

  it.each([
    ['a query', { path: '/oauth/token?scope=read' }],
    ['an Authorization header', { headers: { Authorization: 'Basic eDp5' } }],
  ])('with %s is refused', async (_what, options) => {
    const callsBefore = broker.stsCalls();
    const { status, body } = await door.ask(options);

    expect(status).toBe(400);
    expect(body).toMatchObject({ error: 'invalid_request' });
    expect(broker.stsCalls()).toBe(callsBefore);
  });

  it.each([
    ['an invalid escape', '%zz'],
    ['an escape that is no UTF-8', '%ff'],
    ['a raw byte beyond ASCII', 'ü'],
  ])('with %s is refused', async (_what, text) => {
    const form = formOf(await broker.issuer.token());
    const { status } = await door.ask({ body: `${form}&resource=oss://app-media/users/${text}/` });

    expect(status).toBe(400);
    expect(broker.auditLines().at(-1)).toMatchObject({ reason: 'request_malformed' });
  });

  it('says nothing about the rest of a request to a caller without a valid token', async () => {
    const { body } = await askWith((form) => form.set('scope', 'admin'), 'not.a.token');

    expect(body).toMatchObject({ error: 'invalid_request' });
    expect(broker.auditLines().at(-1)).toMatchObject({
      reason: 'token_malformed',
      requested: { permissions: 'admin' },
    });
  });

  it('never writes a token to the audit log', async () => {
    const token = await broker.issuer.token({ sub: '42' });
    await askWith((form) => form.append('subject_token', token), token);
    await askWith((form) => form.set('grant', token), token);
    await askWith((form) => form.set(token, 'x'), token);
    await askWith((form) => form.set('grant_type', token), token);

    expect(broker.log.text).not.toContain(token.split('.')[1]);
  });

  it('can be made by a page of a listed origin only', async () => {
    const preflight = (origin: string) =>
      door.ask({
        method: 'OPTIONS',
        headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
      });
    const listed = await preflight('https://app.example.com');
    const other = await preflight('https://elsewhere.example.com');
    const granted = await door.ask({ headers: { Origin: 'https://app.example.com' } });

    expect(listed.status).toBe(204);
    expect(listed.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(other.status).toBe(403);
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    expect(granted.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
  });
});

describe('a broker without the surface', () => {
  it.each(['', 'surfaces: {}\n', 'surfaces: { tokenExchange: false }\n'])(
    'answers 404 with the config %j',
    async (setting) => {
      const off = await startTestBroker({ config: `${SIMPLE_CONFIG}${setting}` });
      const exchange = await throughTokenExchange(off).ask();
      const preflight = await off.ask({ method: 'OPTIONS', path: '/oauth/token', token: null });
      const native = await off.ask();
      const lines = off.auditLines();
      await off.close();

      expect([exchange.status, preflight.status, native.status]).toEqual([404, 404, 200]);
      expect(lines.map(({ surface }) => surface)).toEqual(['native', 'native', 'native']);
    },
  );
});
