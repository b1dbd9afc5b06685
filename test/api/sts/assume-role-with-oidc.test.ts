/** AssumeRoleWithOIDC through the public door, by the SDKs of Alibaba Cloud and by hand. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssumeRoleWithOIDCRequest } from '@alicloud/sts20150401';
import { describe, expect, it } from 'vitest';
import { createSdkClient, errorOf } from '../../simulator/sts/fixture.ts';
import { SIMPLE_CONFIG, startTestBroker } from '../../support/broker.ts';
import { toObject } from '../../support/declared.ts';
import { runModule } from '../../support/node-program.ts';
import { createOssClient, credentialOf, ossRefusal } from '../../support/oss-client.ts';
import {
  ALIAS,
  parametersOf,
  QUERY,
  ROLE_ARN,
  stsDoorOfFile,
  throughSts,
} from '../../support/sts-door.ts';
import { startTlsFront } from '../../support/tls-front.ts';

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
`;

const sts = stsDoorOfFile(CONFIG);

const inAnHour = () => Math.floor(Date.now() / 1000) + 3700;

async function expectUpload(credential: Parameters<typeof createOssClient>[1], prefix: string) {
  const oss = createOssClient(sts.broker.simulator.oss.url, credential);
  await oss.put(`${prefix}a.txt`, Buffer.from('a photo'));
  const { content } = await oss.get(`${prefix}a.txt`);

  expect(String(content)).toBe('a photo');
  expect(await ossRefusal(oss.put('users/43/a.txt', Buffer.from('x')))).toBe('AccessDenied');
}

describe('AssumeRoleWithOIDC', () => {
  it('by @alicloud/credentials over TLS, set up by the environment, gives a credential that uploads', async () => {
    const front = await startTlsFront(sts.broker.url);
    const folder = mkdtempSync(join(tmpdir(), 'oidc-role-arn-'));
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, await sts.broker.issuer.token({ sub: '42', exp: inAnHour() }));
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
    const line = sts.lastLine();
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
    const client = createSdkClient(sts.broker.url.replace('http://', ''), {
      accessKeyId: 'unused',
      accessKeySecret: 'unused',
    });
    const token = await sts.broker.issuer.token({ sub: '42' });
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
    const line = sts.broker.auditLines().at(-2);

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
      issuer: sts.broker.issuer.url,
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
    const json = await sts.door.ask(asked);
    const xml = await sts.door.ask({ ...asked, path });
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
    const token = await sts.broker.issuer.token({ sub: '42' });
    const all = new URLSearchParams([...new URLSearchParams(QUERY), ...parametersOf(token)]);
    const byBody = await sts.door.ask({ path: '/', body: all.toString() });
    const byQuery = await sts.door.ask({ method: 'GET', path: `/?${all}` });
    const emptyBody = await sts.door.ask({ path: `/?${all}`, body: '' });

    expect([byBody.status, byQuery.status, emptyBody.status]).toEqual([200, 200, 200]);
    for (const { body } of [byQuery, emptyBody]) {
      expect(body['Credentials']).toEqual(byBody.body['Credentials']);
    }
  });

  it('takes the common parameters of an RPC call, which mean nothing here', async () => {
    const { status } = await sts.door.ask({
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
    const { status, body } = await sts.door.ask({
      claims: { plan: 'pro', sub: `${Grant}-${JSON.stringify(asked).length}`, exp: inAnHour() },
      body: { Grant, ...asked },
    });
    const { Expiration: expiration } = toObject(body['Credentials']);
    const seconds = (Date.parse(String(expiration)) - before) / 1000;

    expect(status).toBe(200);
    expect(sts.lastLine()).toMatchObject({ durationSeconds: lasts });
    expect(Math.abs(seconds - lasts)).toBeLessThan(5);
  });

  it('with a chosen duration beyond the maximum of the grant is refused as by STS', async () => {
    const { status, body } = await sts.door.ask({
      claims: { plan: 'pro' },
      body: { Grant: 'brief', DurationSeconds: 1801 },
    });

    expect([status, body['Code']]).toEqual([400, 'InvalidParameter.DurationSeconds']);
    expect(sts.lastLine()).toMatchObject({ reason: 'duration_outside_grant' });
  });

  it('gets the only grant of a role, and by its alias one of several', async () => {
    const claims = { plan: 'pro' };
    const several = await sts.door.ask({ claims });
    const one = await sts.door.ask({ claims, body: { Grant: 'brief' } });
    const only = await sts.door.ask();

    expect([several.status, several.body['Code']]).toEqual([400, 'InvalidParameter.RoleArn']);
    expect([one.status, only.status]).toEqual([200, 200]);
    expect(sts.lastLine()).toMatchObject({ grant: 'user-files' });
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
