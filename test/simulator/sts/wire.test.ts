/** The wire format of the simulated STS: signatures, replays and security tokens, as the vendor's clients send them. */
import AliOss from 'ali-oss';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ASSUME_ROLE,
  allowPlainHttp,
  askFor,
  BROKER,
  createSdkClient,
  errorOf,
  type Fixture,
  ROLE_ARN,
  send,
  sessionsOf,
  signAcs3,
  signRpc,
  startFixture,
  utcSeconds,
  vendorRamRoleArn,
  vendorStaticAk,
  type WireRequest,
} from './fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startFixture();
});
afterEach(() => fixture.sts.close());

const POLICY = JSON.stringify({
  Version: '1',
  Statement: [
    { Effect: 'Allow', Action: ['oss:GetObject'], Resource: ["acs:oss:*:*:b/it's (~a+b) ü/*"] },
  ],
});

describe("the vendor's SDK", () => {
  it.each(['ACS3-HMAC-SHA256', 'v2'])('gets a credential with %s', async (signatureAlgorithm) => {
    const client = createSdkClient(fixture.sts.host, BROKER, { signatureAlgorithm });
    const { body } = await client.assumeRole(askFor({ durationSeconds: 900, policy: POLICY }));
    expect(body?.credentials?.accessKeyId).toMatch(/^STS\.[A-Za-z0-9]{24}$/);
    expect(body?.credentials?.expiration).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(fixture.sts.calls).toEqual([
      {
        action: 'AssumeRole',
        scheme: signatureAlgorithm === 'v2' ? 'rpc' : 'acs3',
        accessKeyId: BROKER.accessKeyId,
        params: {
          RoleArn: ROLE_ARN,
          RoleSessionName: 'alice',
          DurationSeconds: '900',
          Policy: POLICY,
        },
      },
    ]);
  });

  it.each(['ACS3-HMAC-SHA256', 'v2'])(
    'is refused with a wrong secret (%s)',
    async (signatureAlgorithm) => {
      const keys = { ...BROKER, accessKeySecret: 'another-secret' };
      const client = createSdkClient(fixture.sts.host, keys, { signatureAlgorithm });
      expect(await errorOf(client.assumeRole(askFor()))).toMatchObject({
        code: 'SignatureDoesNotMatch',
        statusCode: 400,
      });
      expect(sessionsOf(fixture)).toEqual([]);
    },
  );

  it.each(['ACS3-HMAC-SHA256', 'v2'])(
    'can use the session that it got (%s)',
    async (signatureAlgorithm) => {
      const first = await createSdkClient(fixture.sts.host, BROKER).assumeRole(askFor());
      const {
        accessKeyId = '',
        accessKeySecret = '',
        securityToken,
      } = first.body?.credentials ?? {};
      const keys = { accessKeyId, accessKeySecret, securityToken };
      const { body } = await createSdkClient(fixture.sts.host, keys, {
        signatureAlgorithm,
      }).getCallerIdentity();
      expect(body).toMatchObject({
        identityType: 'AssumedRoleUser',
        accountId: '123456789012',
        arn: 'acs:ram::123456789012:assumed-role/oss-uploader/alice',
      });
    },
  );
});

describe("the vendor's credentials library", () => {
  it('gets a session through ram_role_arn', async () => {
    const source = vendorStaticAk.default
      .builder()
      .withAccessKeyId(BROKER.accessKeyId)
      .withAccessKeySecret(BROKER.accessKeySecret)
      .build();
    const provider = vendorRamRoleArn.default
      .builder()
      .withCredentialsProvider(source)
      .withRoleArn(ROLE_ARN)
      .withRoleSessionName('chain')
      .withPolicy(POLICY)
      .withDurationSeconds(1800)
      .withStsEndpoint(fixture.sts.host)
      .build();
    allowPlainHttp(provider);
    const credentials = await provider.getCredentials();
    expect(fixture.cloud.identities.get(credentials.accessKeyId ?? '')).toMatchObject({
      accessKeySecret: credentials.accessKeySecret,
      securityToken: credentials.securityToken,
    });
    expect(fixture.sts.calls).toMatchObject([
      { scheme: 'rpc', params: { DurationSeconds: '1800', Policy: POLICY } },
    ]);
  });
});

describe("ali-oss's STS class", () => {
  it('gets a credential', async () => {
    const { accessKeyId, accessKeySecret } = BROKER;
    // the class takes an endpoint; its types do not have it
    const options = { accessKeyId, accessKeySecret, endpoint: fixture.sts.url };
    const sts = new AliOss.STS(options);
    const { credentials } = await sts.assumeRole(ROLE_ARN, POLICY, 900, 'alice');
    expect(credentials.AccessKeyId).toMatch(/^STS\.[A-Za-z0-9]{24}$/);
    expect(fixture.sts.calls).toMatchObject([
      { scheme: 'rpc', params: { DurationSeconds: '900', Policy: POLICY } },
    ]);
  });

  it('is refused with a wrong secret', async () => {
    const { accessKeyId } = BROKER;
    const options = { accessKeyId, accessKeySecret: 'another', endpoint: fixture.sts.url };
    const answer = new AliOss.STS(options).assumeRole(ROLE_ARN);
    await expect(answer).rejects.toMatchObject({ status: 400, code: 'SignatureDoesNotMatch' });
    expect(sessionsOf(fixture)).toEqual([]);
  });
});

interface Variant {
  readonly scheme: string;
  readonly sign: (overrides?: {
    readonly nonce?: string;
    readonly timestamp?: string;
    readonly keys?: Parameters<typeof signRpc>[0]['keys'];
  }) => WireRequest;
}

const VARIANTS: readonly Variant[] = [
  {
    scheme: 'ACS3, parameters in the query',
    sign: ({ nonce, timestamp, keys = BROKER } = {}) =>
      signAcs3(fixture.sts.host, {
        keys,
        query: ASSUME_ROLE,
        headers: {
          ...(nonce === undefined ? {} : { 'x-acs-signature-nonce': nonce }),
          ...(timestamp === undefined ? {} : { 'x-acs-date': timestamp }),
        },
      }),
  },
  {
    scheme: 'ACS3, parameters in a form',
    sign: ({ nonce, timestamp, keys = BROKER } = {}) =>
      signAcs3(fixture.sts.host, {
        keys,
        body: new URLSearchParams(ASSUME_ROLE).toString(),
        headers: {
          ...(nonce === undefined ? {} : { 'x-acs-signature-nonce': nonce }),
          ...(timestamp === undefined ? {} : { 'x-acs-date': timestamp }),
        },
      }),
  },
  {
    scheme: 'RPC, parameters in a form',
    sign: ({ nonce, timestamp, keys = BROKER } = {}) =>
      signRpc({
        keys,
        form: ASSUME_ROLE,
        query: {
          ...(nonce === undefined ? {} : { SignatureNonce: nonce }),
          ...(timestamp === undefined ? {} : { Timestamp: timestamp }),
        },
      }),
  },
];

describe.each(VARIANTS)('$scheme', ({ scheme, sign }) => {
  const codeOf = async (request: WireRequest) =>
    (await send(fixture.sts.url, request)).body['Code'] ?? 'Success';

  it('is accepted when signed by hand', async () => {
    expect(await codeOf(sign())).toBe('Success');
  });

  it('is refused if a parameter was changed in transit', async () => {
    const request = sign();
    const tampered = {
      ...request,
      query: { ...request.query, RoleSessionName: 'mallory' },
      body: request.body.replace('alice', 'mallory'),
    };
    if (tampered.body !== request.body) Reflect.deleteProperty(tampered.query, 'RoleSessionName');
    expect(await codeOf(tampered)).toBe('SignatureDoesNotMatch');
    expect(sessionsOf(fixture)).toEqual([]);
  });

  it('is refused if a parameter was added in transit', async () => {
    const request = sign();
    const added = { ...request, query: { ...request.query, DurationSeconds: '3600' } };
    expect(await codeOf(added)).toBe('SignatureDoesNotMatch');
  });

  it('is refused the second time', async () => {
    const request = sign();
    expect(await codeOf(request)).toBe('Success');
    expect(await codeOf(request)).toBe('SignatureNonceUsed');
  });

  it('does not let a stranger use up a nonce', async () => {
    const forged = sign({ nonce: 'n-1', keys: { ...BROKER, accessKeySecret: 'guess' } });
    expect(await codeOf(forged)).toBe('SignatureDoesNotMatch');
    expect(await codeOf(sign({ nonce: 'n-1' }))).toBe('Success');
  });

  it.each([
    ['14 minutes ago', -14, 'Success'],
    ['in 14 minutes', 14, 'Success'],
    ['16 minutes ago', -16, 'InvalidTimeStamp.Expired'],
    ['in 16 minutes', 16, 'InvalidTimeStamp.Expired'],
  ])('signed %s is accepted only within 15 minutes', async (_when, minutes, code) => {
    expect(await codeOf(sign({ timestamp: utcSeconds(Date.now() + minutes * 60_000) }))).toBe(code);
  });

  it('is refused with a time stamp in another format', async () => {
    const withOffset = utcSeconds(Date.now()).replace('Z', '+00:00');
    expect(await codeOf(sign({ timestamp: withOffset }))).toBe('InvalidTimeStamp.Format');
  });

  it('may have a time stamp with milliseconds only if the scheme is RPC', async () => {
    const code = await codeOf(sign({ timestamp: new Date().toISOString() }));
    expect(code).toBe(scheme.startsWith('RPC') ? 'Success' : 'InvalidTimeStamp.Format');
  });

  it('is refused with a time stamp with milliseconds that is too old', async () => {
    const timestamp = new Date(Date.now() - 16 * 60_000).toISOString();
    const code = scheme.startsWith('RPC') ? 'InvalidTimeStamp.Expired' : 'InvalidTimeStamp.Format';
    expect(await codeOf(sign({ timestamp }))).toBe(code);
  });

  it('is refused with an unknown access key', async () => {
    const answer = await send(
      fixture.sts.url,
      sign({ keys: { ...BROKER, accessKeyId: 'LTAInew' } }),
    );
    expect(answer).toMatchObject({ status: 404, body: { Code: 'InvalidAccessKeyId.NotFound' } });
  });

  it('needs the security token of the session', async () => {
    expect(await codeOf(sign())).toBe('Success');
    expect(await codeOf(sign())).toBe('Success');
    const [session, other] = sessionsOf(fixture);
    if (session === undefined || other === undefined) throw new Error('There are no two sessions.');
    fixture.cloud.roles.set(ROLE_ARN, {
      arn: ROLE_ARN,
      policies: [{ Version: '1', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }],
      trustedArns: [ROLE_ARN, BROKER.arn],
      maxSessionDurationSeconds: 3600,
    });
    const { accessKeyId, accessKeySecret } = session;
    const codeWith = (securityToken: string | undefined) =>
      codeOf(sign({ keys: { accessKeyId, accessKeySecret, securityToken } }));
    expect(await codeWith(session.securityToken)).not.toMatch(/SecurityToken/);
    expect(await codeWith(undefined)).toBe('MissingSecurityToken');
    expect(await codeWith('CAISgarbage')).toBe('InvalidSecurityToken.Malformed');
    expect(await codeWith(other.securityToken)).toBe('InvalidSecurityToken.MismatchWithAccessKey');
    expect(await codeOf(sign({ keys: { ...BROKER, securityToken: session.securityToken } }))).toBe(
      'InvalidSecurityToken.MismatchWithAccessKey',
    );
    fixture.clock.offsetMs = 3601_000;
    const timestamp = utcSeconds(Date.now() + 3601_000);
    expect(await codeOf(sign({ timestamp, keys: session }))).toBe('InvalidSecurityToken.Expired');
  });
});

describe('a malformed request', () => {
  const signedQuery = (query: Record<string, string>) => signRpc({ query, form: ASSUME_ROLE });

  it.each<[string, () => WireRequest, string]>([
    [
      'a digest of another body',
      () => ({
        ...signAcs3(fixture.sts.host, { body: 'RoleSessionName=alice' }),
        body: 'RoleSessionName=malle',
      }),
      'SignatureDoesNotMatch',
    ],
    [
      'UNSIGNED-PAYLOAD instead of a digest',
      () =>
        signAcs3(fixture.sts.host, {
          query: ASSUME_ROLE,
          headers: { 'x-acs-content-sha256': 'UNSIGNED-PAYLOAD' },
        }),
      'SignatureDoesNotMatch',
    ],
    [
      'a body that is too large',
      () => signRpc({ form: { ...ASSUME_ROLE, Policy: 'x'.repeat(64 * 1024) } }),
      'InvalidParameter',
    ],
    [
      'a parameter twice in the body',
      () => {
        const request = signRpc({ form: ASSUME_ROLE });
        return { ...request, body: `RoleSessionName=bob&${request.body}` };
      },
      'InvalidParameter',
    ],
    [
      'a header that is not signed',
      () => {
        const request = signAcs3(fixture.sts.host, { query: ASSUME_ROLE });
        return { ...request, headers: { ...request.headers, 'x-acs-extra': '1' } };
      },
      'SignatureDoesNotMatch',
    ],
    [
      'an Authorization header of another scheme',
      () => ({
        ...signAcs3(fixture.sts.host, { query: ASSUME_ROLE }),
        headers: {
          authorization: 'Bearer x',
          'x-acs-action': 'AssumeRole',
          'x-acs-version': '2015-04-01',
        },
      }),
      'IncompleteSignature',
    ],
    [
      'another signature method',
      () => signedQuery({ SignatureMethod: 'HMAC-SHA256' }),
      'IncompleteSignature',
    ],
    ['no nonce', () => signedQuery({ SignatureNonce: '' }), 'MissingSignatureNonce'],
    ['another version', () => signedQuery({ Version: '2014-01-01' }), 'InvalidVersion'],
    ['an unknown action', () => signedQuery({ Action: 'AssumeAll' }), 'InvalidAction.NotFound'],
    [
      'a parameter in query and body',
      () => signedQuery({ RoleSessionName: 'bob' }),
      'InvalidParameter',
    ],
    [
      'no signature at all',
      () => ({
        query: { Action: 'AssumeRole', Version: '2015-04-01', ...ASSUME_ROLE },
        headers: {},
        body: '',
      }),
      'MissingAccessKeyId',
    ],
    [
      'a body that is not a form',
      () => signAcs3(fixture.sts.host, { body: '{}', headers: { 'content-type': 'text/plain' } }),
      'InvalidParameter.ContentType',
    ],
  ])('is refused: %s', async (_name, make, code) => {
    expect((await send(fixture.sts.url, make())).body['Code']).toBe(code);
    expect(sessionsOf(fixture)).toEqual([]);
  });
});

it('refuses every other path', async () => {
  const elsewhere = await send(`${fixture.sts.url}/v1`, signRpc({ form: ASSUME_ROLE }));
  expect(elsewhere).toMatchObject({ status: 404, body: { Code: 'InvalidAction.NotFound' } });
});

it('keeps the last calls and forgets older ones', async () => {
  const small = await startFixture({ callCapacity: 2 });
  for (const RoleSessionName of ['s1', 's2', 's3']) {
    await send(small.sts.url, signRpc({ form: { RoleSessionName } }));
  }
  await small.sts.close();
  expect(small.sts.calls.map(({ params }) => params['RoleSessionName'])).toEqual(['s2', 's3']);
});

it('forgets the oldest nonces beyond its capacity', async () => {
  const small = await startFixture({ nonceCapacity: 2 });
  const requests = [1, 2, 3].map(() => signRpc({ form: ASSUME_ROLE }));
  const codes = [];
  for (const request of [...requests, ...requests.slice(2), ...requests.slice(0, 1)]) {
    codes.push((await send(small.sts.url, request)).body['Code'] ?? 'Success');
  }
  await small.sts.close();
  expect(codes).toEqual(['Success', 'Success', 'Success', 'SignatureNonceUsed', 'Success']);
});
