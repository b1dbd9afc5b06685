/** What the broker does when STS refuses its source credentials, and which answers of a source it accepts. */
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SourceCredentialsSettings } from '../../src/config/source-credentials-settings.ts';
import type { SourceCredentialsProvider } from '../../src/ports.ts';
import { RefusalError } from '../../src/refusal.ts';
import { createSourceCredentials } from '../../src/source-credentials/create-source-credentials.ts';
import {
  BROKER_ROLE_ARN,
  EXTERNAL_ID,
  OIDC_ARN,
  startWorld,
  UPLOADER_ARN,
  type World,
} from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

function create(settings: SourceCredentialsSettings): SourceCredentialsProvider {
  return createSourceCredentials(settings, { ...world.createTools() });
}

async function refusalOf(promise: Promise<unknown>) {
  const error = await promise.then(
    () => 'it was not refused',
    (reason: unknown) => reason,
  );
  return error instanceof RefusalError ? error.refusal : { reason: String(error) };
}

/** How often a session of the grants' role was requested. */
const attempts = () =>
  world.sts.calls.filter(({ params }) => params['RoleArn'] === UPLOADER_ARN).length;

async function serveFile(content: object): Promise<SourceCredentialsProvider> {
  return create({ type: 'file', path: await world.writeText('key.json', JSON.stringify(content)) });
}

describe('after STS has refused the source credentials, the broker', () => {
  it.each([
    ['is unknown', 'InvalidAccessKeyId.NotFound', { accessKeyId: 'LTAIunknown' }],
    ['has another secret', 'SignatureDoesNotMatch', { accessKeySecret: 'another' }],
  ])(
    'does not try again if the key %s and the source has no other',
    async (_what, code, members) => {
      const provider = await serveFile({ ...world.createUserKey(), ...members });
      const refusal = await refusalOf(world.createSigner(provider)());

      expect(refusal).toMatchObject({ reason: 'source_credentials_unavailable' });
      expect(JSON.stringify(refusal)).toContain(`STS answered ${code}: `);
      expect(attempts()).toBe(1);
    },
  );

  it('tries once more if the source has another key, and not a third time', async () => {
    const provider = await serveFile({ ...world.createUserKey(), accessKeyId: 'LTAIold' });
    await provider.get();
    await world.writeText('key.json', '{"accessKeyId":"LTAInew","accessKeySecret":"s"}');
    const refusal = await refusalOf(world.createSigner(provider)());

    expect(refusal).toMatchObject({ reason: 'source_credentials_unavailable' });
    expect(attempts()).toBe(2);
  });

  it('renews nothing if STS refuses for another reason', async () => {
    const provider = await serveFile(world.createUserKey());
    const asked: string[] = [];
    const watched = {
      ...provider,
      renew: async () => {
        asked.push('renew');
        return provider.get();
      },
    };
    const role = world.cloud.roles.get(UPLOADER_ARN);
    if (role !== undefined) world.cloud.roles.set(UPLOADER_ARN, { ...role, trustedArns: [] });

    expect(await refusalOf(world.createSigner(watched)())).toMatchObject({ reason: 'sts_refused' });
    expect([asked, attempts()]).toEqual([[], 1]);
  });

  it('does not try again for an intermediate role either', async () => {
    world.environment['OSS_ACCESS_KEY_ID'] = 'LTAIunknown';
    world.environment['OSS_ACCESS_KEY_SECRET'] = 's';
    const provider = create({ type: 'ram_role_arn', role: BROKER_ROLE_ARN });

    expect(await refusalOf(provider.get())).toMatchObject({
      problem: expect.stringContaining('ram_role_arn: STS answered InvalidAccessKeyId.NotFound: '),
    });
    expect(world.sts.calls).toHaveLength(1);
  });
});

describe('the intermediate role', () => {
  it('is assumed with all settings of the config', async () => {
    const { accessKeyId, accessKeySecret } = world.createUserKey();
    world.environment['OSS_ACCESS_KEY_ID'] = accessKeyId;
    world.environment['OSS_ACCESS_KEY_SECRET'] = accessKeySecret;
    const policy =
      '{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}';
    await create({
      type: 'ram_role_arn',
      role: BROKER_ROLE_ARN,
      roleSessionName: 'broker-1',
      durationSeconds: 1800,
      externalId: EXTERNAL_ID,
      policy,
    }).get();

    expect(world.sts.calls[0]).toMatchObject({
      scheme: 'rpc',
      accessKeyId,
      params: {
        RoleArn: BROKER_ROLE_ARN,
        RoleSessionName: 'broker-1',
        DurationSeconds: '1800',
        ExternalId: EXTERNAL_ID,
        Policy: policy,
      },
    });
  });

  it.each([
    [{}, 'https://sts.cn-hangzhou.aliyuncs.com/'],
    [{ network: 'vpc' }, 'https://sts-vpc.cn-hangzhou.aliyuncs.com/'],
    [{ region: 'cn-beijing' }, 'https://sts.cn-beijing.aliyuncs.com/'],
    [{ endpoint: 'sts.example.com:8443' }, 'https://sts.example.com:8443/'],
  ] as const)('is assumed at the endpoint of %o', async (sts, address) => {
    const asked: string[] = [];
    world.environment['OSS_ACCESS_KEY_ID'] = 'LTAIx';
    world.environment['OSS_ACCESS_KEY_SECRET'] = 's';
    const tools = { ...world.createTools(), sts: {} };
    const provider = createSourceCredentials(
      { type: 'ram_role_arn', role: BROKER_ROLE_ARN, sts },
      {
        ...tools,
        fetch: async (input) => {
          asked.push(String(input));
          return new Response('', { status: 403 });
        },
      },
    );

    expect(await refusalOf(provider.get())).toMatchObject({
      problem: 'ram_role_arn: STS answered with status 403',
    });
    expect(asked.map((url) => url.slice(0, url.indexOf('?')))).toEqual([address]);
  });
});

describe('the token of a service account', () => {
  it.each([
    ['is empty', '', 'the OIDC token file is empty'],
    ['ends with a line break', 'a.b.c\n', 'the OIDC token file contains white space'],
    ['does not exist', undefined, 'the OIDC token file cannot be read (ENOENT)'],
  ])('is not sent if its file %s', async (_what, text, problem) => {
    const oidcTokenFile = text === undefined ? '/nonexistent' : await world.writeText('t', text);
    const role = { role: BROKER_ROLE_ARN, oidcProvider: OIDC_ARN, oidcTokenFile };

    expect(await refusalOf(create({ type: 'oidc_role_arn', ...role }).get())).toMatchObject({
      problem: `oidc_role_arn: ${problem}`,
    });
    expect(world.sts.calls).toEqual([]);
  });

  it('is not sent if a setting is missing, which the refusal names', async () => {
    expect(await refusalOf(create({ type: 'oidc_role_arn' }).get())).toMatchObject({
      problem: 'oidc_role_arn: there is no role, and ALIBABA_CLOUD_ROLE_ARN is not set',
    });
  });
});

describe('the exchange with a credentials URI', () => {
  it('never follows a redirect', async () => {
    const elsewhere = world.createSession();
    world.metadata.answer = { status: 200, body: JSON.stringify(elsewhere) };
    const redirecting = createServer((_request, response) => {
      response.writeHead(302, { location: world.metadata.url }).end();
    });
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
    const address = redirecting.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const provider = create({ type: 'credentials_uri', uri: `http://127.0.0.1:${port}/` });
    const refusal = await refusalOf(provider.get());
    redirecting.closeAllConnections();
    redirecting.close();

    expect(refusal).toMatchObject({
      problem: 'credentials_uri: the credentials URI answered with status 302',
    });
    expect(world.metadata.asked).toEqual([]);
  });

  it('does not read an answer beyond its limit', async () => {
    world.uri.answer = { status: 200, body: `{"x":"${'x'.repeat(65_536)}"}` };
    const provider = create({ type: 'credentials_uri', uri: world.uri.url });

    expect(await refusalOf(provider.get())).toMatchObject({
      problem: 'credentials_uri: the answer is larger than 65536 bytes',
    });
  });
});
