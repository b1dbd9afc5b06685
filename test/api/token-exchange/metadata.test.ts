/** The metadata of the token exchange: found by a real client, true, and absent without an address. */
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../../support/broker.ts';

const ON = 'surfaces: { tokenExchange: true }\n';
const SERVER = '/.well-known/oauth-authorization-server';
const RESOURCE = '/.well-known/oauth-protected-resource';
const insecure = { [oauth.allowInsecureRequests]: true };

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({
    config: `${SIMPLE_CONFIG}${ON}publicUrl: "{{broker}}"\ncors: { origins: ["https://app.example.com"] }\n`,
  });
});

afterAll(async () => {
  await broker.close();
});

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  broker.ask({ method: 'GET', path, token: null, headers });

describe('the metadata', () => {
  it('is no decision, so that the audit log has no line of it', async () => {
    const before = broker.auditLines().length;
    expect((await get(SERVER)).status).toBe(200);
    expect((await get(RESOURCE)).status).toBe(200);
    expect(broker.auditLines()).toHaveLength(before);

    await get('/.well-known/other');
    expect(broker.auditLines()).toHaveLength(before + 1);
  });

  it('leads oauth4webapi to the exchange', async () => {
    const issuer = new URL(broker.url);
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
    );
    const client = { client_id: 'uploader' };
    const [grantType = ''] = server.grant_types_supported ?? [];
    const answer = await oauth.processGenericTokenEndpointResponse(
      server,
      client,
      await oauth.genericTokenEndpointRequest(
        server,
        client,
        oauth.None(),
        grantType,
        {
          subject_token: await broker.issuer.token({ sub: '42' }),
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          scope: server.scopes_supported?.join(' ') ?? '',
        },
        insecure,
      ),
      { recognizedTokenTypes: { n_a: () => {} } },
    );

    expect(answer).toMatchObject({
      scope: 'read write list delete',
      Grant: { Name: 'user-files' },
    });
    expect(server.token_endpoint_auth_methods_supported).toEqual(['none']);
  });

  it('of the resource is what oauth4webapi expects, and says how the native API takes a token', async () => {
    const resource = new URL(broker.url);
    const response = await oauth.resourceDiscoveryRequest(resource, insecure);
    const { text } = await get(RESOURCE);

    expect(await oauth.processResourceDiscoveryResponse(resource, response)).toEqual({
      resource: broker.url,
      bearer_methods_supported: ['header'],
    });
    expect(text).not.toContain(broker.issuer.url);
  });

  it.each([SERVER, RESOURCE])(
    'at %s is stored by nobody and read by listed pages',
    async (path) => {
      const listed = await get(path, { Origin: 'https://app.example.com' });
      const other = await get(path, { Origin: 'https://elsewhere.example.com' });
      const head = await broker.ask({ method: 'HEAD', path, token: null });
      const posted = await broker.ask({ path });

      expect([listed.status, other.status, head.status, posted.status]).toEqual([
        200, 200, 200, 405,
      ]);
      expect(listed.headers.get('cache-control')).toBe('no-store');
      expect(listed.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
      expect(posted.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
      expect(posted.body).toMatchObject({ error: 'invalid_request' });
    },
  );

  it.each(['', ON, 'publicUrl: "{{broker}}"\n'])(
    'does not exist with the config %j',
    async (text) => {
      const off = await startTestBroker({ config: `${SIMPLE_CONFIG}${text}` });
      const answers = [
        await off.ask({ method: 'GET', path: SERVER, token: null }),
        await off.ask({ method: 'GET', path: RESOURCE, token: null }),
      ];
      await off.close();

      expect(answers.map(({ status }) => status)).toEqual([404, 404]);
    },
  );
});
