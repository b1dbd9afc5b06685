/** AssumeRoleWithOIDC of the simulated STS, with genuinely signed tokens and the vendor's clients. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssumeRoleWithOIDCRequest } from '@alicloud/sts20150401';
import { exportJWK, type JWTPayload, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateSigningKey } from '../../support/keys.ts';
import {
  ACCOUNT,
  allowPlainHttp,
  BROKER,
  createSdkClient,
  errorOf,
  type Fixture,
  ROLE,
  ROLE_ARN,
  send,
  sessionsOf,
  startFixture,
  utcSeconds,
  vendorOidcRoleArn,
} from './fixture.ts';

const PROVIDER_ARN = `acs:ram::${ACCOUNT}:oidc-provider/cluster`;
const ISSUER = 'https://oidc.example.com';
const genuine = generateSigningKey('ES256', 'genuine');
const foreign = generateSigningKey('ES256', 'foreign');

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startFixture();
  fixture.cloud.oidcProviders.set(PROVIDER_ARN, {
    issuer: ISSUER,
    audiences: ['sts.aliyuncs.com'],
    jwks: { keys: [{ ...(await exportJWK(genuine.publicKey)), alg: 'ES256' }] },
  });
  fixture.cloud.roles.set(ROLE_ARN, { ...ROLE, trustedArns: [PROVIDER_ARN] });
});
afterEach(() => fixture.sts.close());

function signToken(claims: JWTPayload = {}, key = genuine.privateKey): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const usual = {
    iss: ISSUER,
    aud: 'sts.aliyuncs.com',
    sub: 'pod-1',
    iat: nowSeconds,
    exp: nowSeconds + 600,
  };
  return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg: 'ES256' }).sign(key);
}

function ask(members: Partial<AssumeRoleWithOIDCRequest>) {
  return createSdkClient(fixture.sts.host, BROKER).assumeRoleWithOIDC(
    new AssumeRoleWithOIDCRequest({
      OIDCProviderArn: PROVIDER_ARN,
      roleArn: ROLE_ARN,
      roleSessionName: 'pod',
      ...members,
    }),
  );
}

describe('AssumeRoleWithOIDC', () => {
  it("opens a session for the vendor's SDK, which sends all parameters in the query", async () => {
    const { body } = await ask({ OIDCToken: await signToken() });
    expect(body?.OIDCTokenInfo).toMatchObject({ issuer: ISSUER, subject: 'pod-1' });
    expect(body?.assumedRoleUser?.arn).toBe(`${ROLE_ARN}/pod`);
    expect(sessionsOf(fixture).map(({ accessKeyId }) => accessKeyId)).toEqual([
      body?.credentials?.accessKeyId,
    ]);
    expect(fixture.sts.calls).toMatchObject([
      { action: 'AssumeRoleWithOIDC', scheme: 'anonymous', params: { RoleArn: ROLE_ARN } },
    ]);
  });

  it("opens a session for the vendor's credentials library, which sends a form", async () => {
    const directory = await mkdtemp(join(tmpdir(), 'oidc-token-'));
    const path = join(directory, 'token');
    await writeFile(path, await signToken());
    const provider = vendorOidcRoleArn.default
      .builder()
      .withOIDCProviderArn(PROVIDER_ARN)
      .withOIDCTokenFilePath(path)
      .withRoleArn(ROLE_ARN)
      .withRoleSessionName('pod')
      .withDurationSeconds(900)
      .withStsEndpoint(fixture.sts.host)
      .build();
    allowPlainHttp(provider);
    const { accessKeyId } = await provider.getCredentials();
    await rm(directory, { recursive: true });
    expect(fixture.cloud.identities.has(accessKeyId ?? '')).toBe(true);
  });

  it.each<[string, () => Promise<Partial<AssumeRoleWithOIDCRequest>>, string]>([
    [
      'an expired token',
      async () => ({ OIDCToken: await signToken({ exp: 1_000 }) }),
      'AuthenticationFail.OIDCToken.Expired',
    ],
    [
      'another audience',
      async () => ({ OIDCToken: await signToken({ aud: 'x' }) }),
      'AuthenticationFail.OIDCToken.Invalid',
    ],
    [
      'another issuer',
      async () => ({ OIDCToken: await signToken({ iss: `${ISSUER}/` }) }),
      'AuthenticationFail.OIDCToken.Invalid',
    ],
    [
      'a foreign key',
      async () => ({ OIDCToken: await signToken({}, foreign.privateKey) }),
      'AuthenticationFail.OIDCToken.Invalid',
    ],
    [
      'text that is not a token',
      async () => ({ OIDCToken: 'garbage' }),
      'AuthenticationFail.OIDCToken.Invalid',
    ],
    ['a token of 3 characters', async () => ({ OIDCToken: 'abc' }), 'InvalidParameter.OIDCToken'],
    [
      'an unknown provider',
      async () => ({ OIDCToken: await signToken(), OIDCProviderArn: `${PROVIDER_ARN}2` }),
      'EntityNotExist.OIDCProvider',
    ],
    [
      'a provider of another form',
      async () => ({ OIDCToken: await signToken(), OIDCProviderArn: ROLE_ARN }),
      'InvalidParameter.OIDCProviderArn',
    ],
    [
      'an unknown role',
      async () => ({ OIDCToken: await signToken(), roleArn: `${ROLE_ARN}2` }),
      'EntityNotExist.Role',
    ],
    [
      'a session that is too long',
      async () => ({ OIDCToken: await signToken(), durationSeconds: 3601 }),
      'InvalidParameter.DurationSeconds',
    ],
    [
      'a broken policy',
      async () => ({ OIDCToken: await signToken(), policy: '{}' }),
      'InvalidParameter.PolicyGrammar',
    ],
  ])('refuses %s', async (_name, members, code) => {
    expect(await errorOf(ask(await members()))).toMatchObject({ code });
    expect(sessionsOf(fixture)).toEqual([]);
  });

  it.each([
    ['OIDCToken', 'MissingOIDCToken'],
    ['OIDCProviderArn', 'MissingOIDCProviderArn'],
    ['RoleArn', 'MissingRoleArn'],
    ['Timestamp', 'MissingTimestamp'],
    ['', 'Success'],
  ])('without the parameter "%s" answers %s', async (omitted, code) => {
    const query: Record<string, string> = {
      Action: 'AssumeRoleWithOIDC',
      Version: '2015-04-01',
      Timestamp: utcSeconds(Date.now()),
      OIDCProviderArn: PROVIDER_ARN,
      OIDCToken: await signToken(),
      RoleArn: ROLE_ARN,
      RoleSessionName: 'pod',
    };
    Reflect.deleteProperty(query, omitted);
    const { body } = await send(fixture.sts.url, { query, headers: {}, body: '' });
    expect(body['Code'] ?? 'Success').toBe(code);
  });

  it.each(['exp', 'iat', 'sub'])('refuses a token without %s', async (claim) => {
    const OIDCToken = await signToken({ [claim]: undefined });
    expect(await errorOf(ask({ OIDCToken }))).toMatchObject({
      code: 'AuthenticationFail.OIDCToken.Invalid',
    });
  });

  it('uses the clock of the cloud for the expiry of a token', async () => {
    const OIDCToken = await signToken();
    await ask({ OIDCToken });
    fixture.clock.offsetMs = 700_000;
    expect(await errorOf(ask({ OIDCToken }))).toMatchObject({
      code: 'AuthenticationFail.OIDCToken.Expired',
    });
  });

  it('refuses a role that does not trust the provider', async () => {
    fixture.cloud.roles.set(ROLE_ARN, { ...ROLE, trustedArns: [`acs:ram::${ACCOUNT}:root`] });
    expect(await errorOf(ask({ OIDCToken: await signToken() }))).toMatchObject({
      code: 'NoPermission',
      statusCode: 403,
    });
  });
});
