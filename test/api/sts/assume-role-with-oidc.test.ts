/** AssumeRoleWithOIDC through the public door, by the SDKs of Alibaba Cloud and by hand. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssumeRoleWithOIDCRequest } from '@alicloud/sts20150401';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSdkClient, errorOf } from '../../simulator/sts/fixture.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { toObject } from '../../support/declared.ts';
import { runModule } from '../../support/node-program.ts';
import { createOssClient, credentialOf, ossRefusal } from '../../support/oss-client.ts';
import { parametersOf, QUERY, ROLE_ARN, throughSts } from '../../support/sts-door.ts';
import { startTlsFront } from '../../support/tls-front.ts';

const ALIAS = ROLE_ARN.replace('oss-uploader', 'user-files');
const PROVIDER_ARN = 'acs:ram::123456789012:oidc-provider/anything';

/** Two grants of one role. Only one has a maximum below the duration that SDKs send. */
const CONFIG = `${SIMPLE_CONFIG}  - name: brief
    issuer: app
    when: [{ claim: plan, equals: pro }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/shared/", permissions: [read] }]
    duration: { default: 15m, max: 30m }
    restrict: { https: false }
surfaces: { sts: true }
cors: { origins: ["https://app.example.com"] }
`;

let broker: TestBroker;
let door: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: CONFIG });
  door = throughSts(broker);
});

afterAll(async () => {
  await broker.close();
});

const inAnHour = () => Math.floor(Date.now() / 1000) + 3700;

/** What the broker decided last. */
const lastLine = () => broker.auditLines().at(-1) ?? {};

async function expectUpload(credential: Parameters<typeof createOssClient>[1], prefix: string) {
  const oss = createOssClient(broker.simulator.oss.url, credential);
  await oss.put(`${prefix}a.txt`, Buffer.from('a photo'));
  const { content } = await oss.get(`${prefix}a.txt`);

  expect(String(content)).toBe('a photo');
  expect(await ossRefusal(oss.put('users/43/a.txt', Buffer.from('x')))).toBe('AccessDenied');
}

describe('AssumeRoleWithOIDC', () => {
  it('by @alicloud/credentials over TLS, set up by the environment, gives a credential that uploads', async () => {
    const front = await startTlsFront(broker.url);
    const folder = mkdtempSync(join(tmpdir(), 'oidc-role-arn-'));
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, await broker.issuer.token({ sub: '42', exp: inAnHour() }));
    const program = `
      import credentials from '@alicloud/credentials';
      const type = 'oidc_role_arn';
      const source = new credentials.default(new credentials.Config({ type, stsEndpoint: '${front.host}' }));
      const { accessKeyId, accessKeySecret, securityToken } = await source.getCredential();
      console.log(JSON.stringify({
        AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: securityToken,
      }));
    `;
    const environment = {
      ALIBABA_CLOUD_ROLE_ARN: ALIAS,
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: PROVIDER_ARN,
      ALIBABA_CLOUD_OIDC_TOKEN_FILE: tokenFile,
      NODE_EXTRA_CA_CERTS: front.caFile,
    };
    const granted = await runModule(program, environment);
    const line = lastLine();
    writeFileSync(tokenFile, 'a.b.c');
    const refused = await runModule(program, environment);
    await front.close();
    rmSync(folder, { recursive: true });

    expect(granted).toMatchObject({ code: 0, stderr: '' });
    await expectUpload(credentialOf(toObject(JSON.parse(granted.stdout))), 'users/42/');
    expect(line).toMatchObject({
      surface: 'sts',
      decision: 'granted',
      grant: 'user-files',
      requested: { roleArn: ALIAS, duration: '3600' },
      durationSeconds: 3600,
    });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('AuthenticationFail.OIDCToken.Invalid');
  });

  it('by @alicloud/sts20150401, which sends the token in the query, gives a credential that uploads', async () => {
    const client = createSdkClient(broker.url.replace('http://', ''), {
      accessKeyId: 'unused',
      accessKeySecret: 'unused',
    });
    const token = await broker.issuer.token({ sub: '42' });
    const request = new AssumeRoleWithOIDCRequest({
      OIDCProviderArn: PROVIDER_ARN,
      OIDCToken: token,
      roleArn: ROLE_ARN,
      roleSessionName: 'alice',
      durationSeconds: 900,
    });
    const { body } = await client.assumeRoleWithOIDC(request);
    const { accessKeyId, accessKeySecret, securityToken } = body?.credentials ?? {};
    request.OIDCToken = `${token}x`;
    const refusal = await errorOf(client.assumeRoleWithOIDC(request));
    const line = broker.auditLines().at(-2);

    await expectUpload(
      credentialOf({
        AccessKeyId: accessKeyId,
        AccessKeySecret: accessKeySecret,
        SecurityToken: securityToken,
      }),
      'users/42/',
    );
    expect(body?.OIDCTokenInfo).toMatchObject({
      subject: '42',
      issuer: broker.issuer.url,
      clientIds: 'oss-token-broker',
      verificationInfo: 'Success',
    });
    // what STS was asked for, and not the name that the caller chose
    expect(body?.assumedRoleUser?.arn).toBe(`${ROLE_ARN}/${String(line?.['roleSessionName'])}`);
    expect(body?.assumedRoleUser?.assumedRoleId).toMatch(
      new RegExp(`^\\d+:${String(line?.['roleSessionName'])}$`),
    );
    expect(body?.requestId).toBe(line?.['requestId']);
    expect(refusal).toMatchObject({
      code: 'AuthenticationFail.OIDCToken.Invalid',
      statusCode: 400,
    });
  });

  it('answers with the members of STS, as XML where no format is asked for', async () => {
    const path = `/?${QUERY.replace('&Format=JSON', '')}`;
    const claims = { sub: '<a&b>"]]>\u0007é' };
    const inGrant = { claims, body: { Grant: 'brief' } };
    const asked = { ...inGrant, claims: { ...claims, plan: 'pro' } };
    const json = await door.ask(asked);
    const xml = await door.ask({ ...asked, path });
    const names = (text: string) => [...text.matchAll(/<([A-Za-z]+)>/g)].map(([, name]) => name);

    expect(json.status).toBe(200);
    expect(xml.headers.get('content-type')).toBe('text/xml;charset=utf-8');
    expect(xml.headers.get('cache-control')).toBe('no-store');
    expect(xml.text).toMatch(
      /^<\?xml version='1.0' encoding='UTF-8'\?><AssumeRoleWithOIDCResponse><RequestId>/,
    );
    expect(xml.text).toContain('<Subject>&lt;a&amp;b&gt;"]]&gt;\ufffdé</Subject>');
    expect(names(xml.text)).toEqual([
      'AssumeRoleWithOIDCResponse',
      ...Object.entries(json.body).flatMap(([name, value]) => [
        name,
        ...(typeof value === 'string' ? [] : Object.keys(toObject(value))),
      ]),
    ]);
    const { AccessKeyId: keyId } = toObject(json.body['Credentials']);
    // the same session, from the cache
    expect(xml.text).toContain(`<AccessKeyId>${String(keyId)}</AccessKeyId>`);
  });

  it('takes every parameter from the body, and every parameter from the query of a GET', async () => {
    const token = await broker.issuer.token({ sub: '42' });
    const all = new URLSearchParams([...new URLSearchParams(QUERY), ...parametersOf(token)]);
    const byBody = await door.ask({ path: '/', body: all.toString() });
    const byQuery = await door.ask({ method: 'GET', path: `/?${all}` });
    const emptyBody = await door.ask({ path: `/?${all}`, body: '' });

    expect([byBody.status, byQuery.status, emptyBody.status]).toEqual([200, 200, 200]);
    for (const { body } of [byQuery, emptyBody]) {
      expect(body['Credentials']).toEqual(byBody.body['Credentials']);
    }
  });

  it('takes the common parameters of an RPC call, which mean nothing here', async () => {
    const { status } = await door.ask({
      body: {
        RegionId: 'cn-hangzhou',
        Timestamp: '1999-01-01T00:00:00Z',
        SignatureNonce: 'x',
        SignatureMethod: 'HMAC-SHA1',
        SignatureVersion: '1.0',
        SignatureType: '',
      },
    });

    expect(status).toBe(200);
  });

  it.each([
    ['without DurationSeconds', 'user-files', {}, 3600],
    ['with the duration that SDKs send', 'user-files', { DurationSeconds: 3600 }, 3600],
    ['without DurationSeconds', 'brief', {}, 1800],
    ['with the duration that SDKs send', 'brief', { DurationSeconds: 3600 }, 1800],
    ['with the shortest', 'brief', { DurationSeconds: 900 }, 900],
    ['with the longest', 'brief', { DurationSeconds: 1800 }, 1800],
  ])('%s of the grant %s lasts as long as the grant allows', async (_what, Grant, asked, lasts) => {
    const before = Date.now();
    const { status, body } = await door.ask({
      claims: { plan: 'pro', sub: `${Grant}-${JSON.stringify(asked).length}`, exp: inAnHour() },
      body: { Grant, ...asked },
    });
    const { Expiration: expiration } = toObject(body['Credentials']);
    const seconds = (Date.parse(String(expiration)) - before) / 1000;

    expect(status).toBe(200);
    expect(lastLine()).toMatchObject({ durationSeconds: lasts });
    expect(Math.abs(seconds - lasts)).toBeLessThan(5);
  });

  it('with a chosen duration beyond the maximum of the grant is refused as by STS', async () => {
    const { status, body } = await door.ask({
      claims: { plan: 'pro' },
      body: { Grant: 'brief', DurationSeconds: 1801 },
    });

    expect([status, body['Code']]).toEqual([400, 'InvalidParameter.DurationSeconds']);
    expect(lastLine()).toMatchObject({ reason: 'duration_outside_grant' });
  });

  it('gets the only grant of a role, and by its alias one of several', async () => {
    const claims = { plan: 'pro' };
    const several = await door.ask({ claims });
    const one = await door.ask({ claims, body: { Grant: 'brief' } });
    const only = await door.ask();

    expect([several.status, several.body['Code']]).toEqual([400, 'InvalidParameter.RoleArn']);
    expect([one.status, only.status]).toEqual([200, 200]);
    expect(lastLine()).toMatchObject({ grant: 'user-files' });
  });
});

describe('a policy of the caller', () => {
  const policyWith = (...statements: readonly object[]) =>
    JSON.stringify({
      Version: '1',
      Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })),
    });
  const PHOTOS = policyWith({
    Action: ['oss:Get*', 'oss:PutBucketPolicy'],
    Resource: 'acs:oss:*:*:app-media/users/42/photos/*',
  });

  it('sent by @alicloud/sts20150401 narrows the credential, and STS gets a policy of the broker', async () => {
    const client = createSdkClient(broker.url.replace('http://', ''), {
      accessKeyId: 'unused',
      accessKeySecret: 'unused',
    });
    const request = new AssumeRoleWithOIDCRequest({
      OIDCToken: await broker.issuer.token({ sub: '42' }),
      roleArn: ROLE_ARN,
      roleSessionName: 'alice',
      policy: PHOTOS,
    });
    const { body } = await client.assumeRoleWithOIDC(request);
    const { accessKeyId, accessKeySecret, securityToken } = body?.credentials ?? {};
    const oss = createOssClient(
      broker.simulator.oss.url,
      credentialOf({
        AccessKeyId: accessKeyId,
        AccessKeySecret: accessKeySecret,
        SecurityToken: securityToken,
      }),
    );
    const { body: whole } = await door.ask({ claims: { sub: '42' } });
    const uploader = createOssClient(
      broker.simulator.oss.url,
      credentialOf(toObject(whole['Credentials'])),
    );
    await uploader.put('users/42/photos/b.txt', Buffer.from('b'));
    await uploader.put('users/42/b.txt', Buffer.from('b'));

    expect(String((await oss.get('users/42/photos/b.txt')).content)).toBe('b');
    expect(await ossRefusal(oss.get('users/42/b.txt'))).toBe('AccessDenied');
    expect(await ossRefusal(oss.put('users/42/photos/b.txt', Buffer.from('x')))).toBe(
      'AccessDenied',
    );
    const call = broker.simulator.sts.calls.find(({ params }) =>
      params['Policy']?.includes('photos'),
    );
    expect(JSON.parse(call?.params['Policy'] ?? '')).toEqual({
      Version: '1',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'oss:GetObject',
          Resource: 'acs:oss:*:*:app-media/users/42/photos/*',
        },
      ],
    });
    expect(broker.auditLines().at(-2)).toMatchObject({
      targets: [{ target: 'oss://app-media/users/42/photos/', permissions: ['read'] }],
      requested: { policy: PHOTOS.slice(0, 100) },
    });
  });

  it.each<[string, number, string, string, string]>([
    [
      'with a Deny',
      400,
      'InvalidParameter.PolicyGrammar',
      'request_malformed',
      PHOTOS.replace('Allow', 'Deny'),
    ],
    ['that is no JSON', 400, 'InvalidParameter.PolicyGrammar', 'request_malformed', 'x'],
    ['that is empty', 400, 'InvalidParameter.PolicyGrammar', 'request_malformed', ''],
    [
      'with a condition on an address',
      400,
      'InvalidParameter.PolicyGrammar',
      'request_malformed',
      policyWith({
        Action: '*',
        Resource: '*',
        Condition: { IpAddress: { 'acs:SourceIp': '203.0.113.7' } },
      }),
    ],
    [
      'that is too large',
      400,
      'InvalidParameter.PolicySize',
      'request_malformed',
      `${PHOTOS}${' '.repeat(2048)}`,
    ],
    [
      "for another caller's prefix",
      403,
      'NoPermission',
      'policy_outside_grant',
      policyWith({ Action: '*', Resource: 'acs:oss:*:*:app-media/users/43/*' }),
    ],
    [
      'for the beginning of names',
      403,
      'NoPermission',
      'policy_outside_grant',
      policyWith({ Action: '*', Resource: 'acs:oss:*:*:app-media/users/42/ph*' }),
    ],
  ])('%s is refused', async (_what, status, code, reason, Policy) => {
    const callsBefore = broker.stsCalls();
    const { status: answered, body } = await door.ask({ claims: { sub: '42' }, body: { Policy } });

    expect([answered, body['Code']]).toEqual([status, code]);
    expect(lastLine()).toMatchObject({ surface: 'sts', decision: 'refused', reason });
    expect(broker.stsCalls()).toBe(callsBefore);
  });

  it('for everything gets what the grant allows, and no more', async () => {
    const Policy = policyWith({ Action: '*', Resource: '*' });
    const all = await door.ask({ claims: { sub: '44' }, body: { Policy } });
    const whole = await door.ask({ claims: { sub: '44' } });
    const [line, wholeLine] = broker.auditLines().slice(-2);

    expect([all.status, whole.status]).toEqual([200, 200]);
    expect(line?.['sessionPolicySha256']).toBe(wholeLine?.['sessionPolicySha256']);
  });
});

describe('a call of STS', () => {
  type Change = (parameters: URLSearchParams) => void;

  it.each<[string, number, string, Change]>([
    ['no action', 404, 'InvalidAction.NotFound', (p) => p.delete('Action')],
    ['another action', 404, 'InvalidAction.NotFound', (p) => p.set('Action', 'AssumeRole')],
    ['no version', 400, 'InvalidVersion', (p) => p.delete('Version')],
    ['a version twice', 400, 'InvalidVersion', (p) => p.append('Version', '2011-06-15')],
    ['no token', 400, 'MissingOIDCToken', (p) => p.delete('OIDCToken')],
    ['two tokens', 400, 'InvalidParameter.OIDCToken', (p) => p.append('OIDCToken', 'a.b.c')],
    ['no role', 400, 'MissingRoleArn', (p) => p.delete('RoleArn')],
    ['an empty role', 400, 'MissingRoleArn', (p) => p.set('RoleArn', '')],
    ['a role of AWS', 400, 'InvalidParameter.RoleArn', (p) => p.set('RoleArn', 'arn:aws:iam::1')],
    ['two roles', 400, 'InvalidParameter.RoleArn', (p) => p.append('RoleArn', ALIAS)],
    ['no session name', 400, 'MissingRoleSessionName', (p) => p.delete('RoleSessionName')],
    [
      'a malformed session name',
      400,
      'InvalidParameter.RoleSessionName',
      (p) => p.set('RoleSessionName', 'a b'),
    ],
    [
      'a duration in words',
      400,
      'InvalidParameter.DurationSeconds',
      (p) => p.set('DurationSeconds', '1h'),
    ],
    [
      'a duration that is too short',
      400,
      'InvalidParameter.DurationSeconds',
      (p) => p.set('DurationSeconds', '899'),
    ],
    ['an unknown format', 400, 'InvalidParameter', (p) => p.set('Format', 'yaml')],
    ['an external ID', 400, 'InvalidParameter', (p) => p.set('ExternalId', 'x')],
    ['a parameter in lower case', 400, 'InvalidParameter', (p) => p.set('durationSeconds', '900')],
    ['an AccessKey', 400, 'InvalidParameter', (p) => p.set('AccessKeyId', 'LTAI')],
    ['a signature', 400, 'InvalidParameter', (p) => p.set('Signature', 'x')],
    ['a SecurityToken', 400, 'InvalidParameter', (p) => p.set('SecurityToken', 'x')],
    ['a target', 400, 'InvalidParameter', (p) => p.set('Target', 'oss://app-media/users/')],
  ])('with %s is refused, in query and body', async (_what, status, code, change) => {
    const token = await broker.issuer.token();
    const callsBefore = broker.stsCalls();
    const parameters = new URLSearchParams([...new URLSearchParams(QUERY), ...parametersOf(token)]);
    change(parameters);
    const byBody = await door.ask({ path: '/', body: parameters.toString() });

    expect(byBody.status).toBe(status);
    expect(byBody.text).toContain(code);
    if (parameters.has('Version') || parameters.has('Action')) {
      const byQuery = await door.ask({ method: 'GET', path: `/?${parameters}` });
      expect([byQuery.status, byQuery.text.includes(code)]).toEqual([status, true]);
    }
    expect(broker.stsCalls()).toBe(callsBefore);
  });

  it.each(['Action', 'RoleArn', 'OIDCToken', 'DurationSeconds', 'Format', 'RegionId'])(
    'with %s in both query and body is refused',
    async (name) => {
      const token = await broker.issuer.token();
      const parameters = parametersOf(token, { DurationSeconds: 900, RegionId: 'cn-hangzhou' });
      const query = new URLSearchParams(QUERY);
      query.set(name, query.get(name) ?? parameters.get(name) ?? '');
      parameters.set(name, query.get(name) ?? '');
      const callsBefore = broker.stsCalls();
      const { status } = await door.ask({ path: `/?${query}`, body: parameters.toString() });

      expect(status).toBeGreaterThanOrEqual(400);
      expect(lastLine()).toMatchObject({ surface: 'sts', reason: 'request_malformed' });
      expect(broker.stsCalls()).toBe(callsBefore);
    },
  );

  it.each([
    ['an Authorization header', { headers: { Authorization: 'Bearer x' } }],
    ['an invalid escape in the query', { path: `/?${QUERY}&RegionId=%zz` }],
    ['an escape that is no UTF-8', { path: `/?${QUERY}&RegionId=%ff` }],
    ['a parameter without a value', { path: `/?${QUERY}&RegionId` }],
  ])('with %s is refused', async (_what, options) => {
    const callsBefore = broker.stsCalls();
    const { status } = await door.ask(options);

    expect(status).toBe(400);
    expect(lastLine()).toMatchObject({ reason: 'request_malformed' });
    expect(broker.stsCalls()).toBe(callsBefore);
  });

  it.each([
    ['', 200],
    ['DurationSeconds=900', 400],
  ])('by GET with the body "%s" is answered with %i', async (body, expected) => {
    const address = `${broker.url}/?${QUERY}&${parametersOf(await broker.issuer.token())}`;
    const status = await new Promise((resolve, reject) => {
      const sent = request(address, { headers: { 'Content-Length': body.length } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.once('error', reject);
      sent.end(body);
    });

    expect(status).toBe(expected);
  });

  it('says nothing about the rest of a request to a caller without a valid token', async () => {
    const { body } = await door.ask({ token: 'not.a.token', body: { DurationSeconds: 'long' } });

    expect(body['Code']).toBe('AuthenticationFail.OIDCToken.Invalid');
    expect(lastLine()).toMatchObject({
      reason: 'token_malformed',
      requested: { roleArn: ROLE_ARN, duration: 'long', roleSessionName: 'test-session' },
    });
  });

  it('cannot be made by a page, whatever origins the config lists', async () => {
    const Origin = 'https://app.example.com';
    const preflight = await door.ask({
      method: 'OPTIONS',
      headers: { Origin, 'Access-Control-Request-Method': 'POST' },
    });
    const granted = await door.ask({ headers: { Origin } });

    expect(preflight.status).toBe(405);
    for (const { headers } of [preflight, granted]) {
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it.each([
    ['GET', '/'],
    ['GET', '/?Version=2011-06-15&Action=AssumeRoleWithWebIdentity'],
    ['POST', '/?Version=2011-06-15'],
    ['GET', '/?x=y'],
    ['POST', '/v1/?Action=AssumeRoleWithOIDC&Version=2015-04-01'],
  ])('does not take %s %s, which is not addressed to it', async (method, path) => {
    const { status, body } = await door.ask({ method, path });

    expect([status, body['code']]).toEqual([404, 'not_found']);
    expect(lastLine()).toMatchObject({ surface: 'native', reason: 'route_unknown' });
  });

  it('of the other API in the body is refused', async () => {
    const { status, text } = await door.ask({
      path: '/',
      body: 'Version=2011-06-15&Action=AssumeRoleWithWebIdentity&WebIdentityToken=x',
    });

    expect(status).toBe(400);
    expect(text).toContain('<Code>InvalidVersion</Code>');
  });
});

describe('a configured OIDCProviderArn', () => {
  it('must be sent as it is', async () => {
    const strict = await startTestBroker({
      config: `${SIMPLE_CONFIG}surfaces: { sts: { oidcProviderArn: "${PROVIDER_ARN}" } }\n`,
    });
    const ask = (body: object) => throughSts(strict).ask({ body });
    const same = await ask({ OIDCProviderArn: PROVIDER_ARN });
    const other = await ask({ OIDCProviderArn: `${PROVIDER_ARN}2` });
    const none = await ask({});
    await strict.close();

    expect(same.status).toBe(200);
    expect([other.status, other.body['Code']]).toEqual([400, 'InvalidParameter.OIDCProviderArn']);
    expect([none.status, none.body['Code']]).toEqual([400, 'MissingOIDCProviderArn']);
  });
});

describe('a broker without the surface', () => {
  it.each(['', 'surfaces: {}\n', 'surfaces: { sts: false }\n'])(
    'answers 404 with the config %j',
    async (setting) => {
      const off = await startTestBroker({ config: `${SIMPLE_CONFIG}${setting}` });
      const byForm = await throughSts(off).ask();
      const byQuery = await throughSts(off).ask({ method: 'GET' });
      const lines = off.auditLines();
      await off.close();

      expect([byForm.status, byQuery.status]).toEqual([404, 404]);
      expect(lines.map(({ surface }) => surface)).toEqual(['native', 'native']);
    },
  );
});
