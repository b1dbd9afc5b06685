/** The bugs of `@alicloud/credentials` 2.4.7: each test shows that the library has it and the broker has not. */
import * as library from '@alicloud/credentials';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SourceCredentialsSettings } from '../../src/config/source-credentials-settings.ts';
import { RefusalError } from '../../src/refusal.ts';
import { createSourceCredentials } from '../../src/source-credentials/create-source-credentials.ts';
import { allowPlainHttp } from '../simulator/sts/fixture.ts';
import { BROKER_ROLE_ARN, CANARY, EXTERNAL_ID, startWorld, type World } from './world.ts';

let world: World;
const environmentBefore = { ...process.env };
beforeEach(async () => {
  world = await startWorld();
  for (const name of Object.keys(process.env)) {
    if (/^(?:ALIBABA_CLOUD|OSS)_/.test(name)) delete process.env[name];
  }
  process.env['ALIBABA_CLOUD_CLI_PROFILE_DISABLED'] = 'true';
  process.env['ALIBABA_CLOUD_ECS_METADATA_DISABLED'] = 'true';
  process.env['ALIBABA_CLOUD_CREDENTIALS_FILE'] = '/nonexistent';
});
afterEach(async () => {
  process.env = { ...environmentBefore };
  await world.close();
});

function ours(settings: SourceCredentialsSettings, now = Date.now) {
  return createSourceCredentials(settings, { ...world.createTools(), now });
}

const ROLE = { type: 'ram_role_arn', role: BROKER_ROLE_ARN, durationSeconds: 900 } as const;

/** The library's provider for the same role and user; `help` lets it reach the simulator. */
function bareRole(help: (provider: object) => void = allowPlainHttp) {
  const user = world.createUserKey();
  world.environment['ALIBABA_CLOUD_ACCESS_KEY_ID'] = user.accessKeyId;
  world.environment['ALIBABA_CLOUD_ACCESS_KEY_SECRET'] = user.accessKeySecret;
  const base = library.StaticAKCredentialsProvider.builder()
    .withAccessKeyId(user.accessKeyId)
    .withAccessKeySecret(user.accessKeySecret)
    .build();
  const provider = library.RAMRoleARNCredentialsProvider.builder()
    .withCredentialsProvider(base)
    .withRoleArn(BROKER_ROLE_ARN)
    .withDurationSeconds(900)
    .withStsEndpoint(world.sts.host)
    .build();
  help(provider);
  return provider;
}

function bareUri() {
  return library.URICredentialsProvider.builder().withCredentialsURI(world.uri.url).build();
}

function serveUri(lifeSeconds: number, members: object = {}): void {
  const session = { ...world.createSession(lifeSeconds), ...members };
  world.uri.answer = { status: 200, body: JSON.stringify(session) };
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  );
  if (error instanceof RefusalError) return JSON.stringify(error.refusal);
  return error instanceof Error ? error.message : String(error);
}

describe('1. no single flight', () => {
  it('makes five requests for five callers; the broker makes one', async () => {
    const bare = bareRole();
    await Promise.all(Array.from({ length: 5 }, () => bare.getCredentials()));
    expect(world.sts.calls).toHaveLength(5);

    const provider = ours(ROLE);
    await Promise.all(Array.from({ length: 5 }, () => provider.get()));
    expect(world.sts.calls).toHaveLength(6);
  });
});

describe('2. sessions of 900 s count as stale at once', () => {
  it('makes a request for every call; the broker makes one in all', async () => {
    const bare = bareRole();
    for (let call = 0; call < 4; call += 1) await bare.getCredentials();
    expect(world.sts.calls).toHaveLength(4);

    const provider = ours(ROLE);
    for (let call = 0; call < 4; call += 1) await provider.get();
    expect(world.sts.calls).toHaveLength(5);
  });

  it('does so with a credentials URI too', async () => {
    serveUri(600);
    const bare = bareUri();
    for (let call = 0; call < 4; call += 1) await bare.getCredentials();
    expect(world.uri.asked).toHaveLength(4);

    const provider = ours({ type: 'credentials_uri', uri: world.uri.url });
    for (let call = 0; call < 4; call += 1) await provider.get();
    expect(world.uri.asked).toHaveLength(5);
  });
});

describe('3. instance metadata is asked at every call in the last hour', () => {
  it('makes two requests for every call; the broker makes two in all', async () => {
    const session = { Code: 'Success', ...world.createSession(1800) };
    world.metadata.answer = { status: 200, body: JSON.stringify(session) };
    delete process.env['ALIBABA_CLOUD_ECS_METADATA_DISABLED'];
    const bare = library.ECSRAMRoleCredentialsProvider.builder().withRoleName('EcsRole').build();
    const { fetch: reach } = world.createTools();
    Reflect.set(bare, 'doRequest', async (request: Parameters<typeof describeRequest>[0]) => {
      const { url, ...init } = describeRequest(request);
      const response = await reach(url, init);
      return { statusCode: response.status, body: Buffer.from(await response.text()) };
    });
    for (let call = 0; call < 4; call += 1) await bare.getCredentials();
    expect(world.metadata.asked).toHaveLength(8);

    const provider = ours({ type: 'ecs_ram_role', roleName: 'EcsRole' });
    for (let call = 0; call < 4; call += 1) await provider.get();
    expect(world.metadata.asked.slice(8)).toEqual([
      'PUT /latest/api/token',
      'GET /latest/meta-data/ram/security-credentials/EcsRole with a token',
    ]);
  });
});

function describeRequest(request: {
  toRequestURL(): string;
  readonly method: string;
  readonly headers: Record<string, string>;
}) {
  return { url: request.toRequestURL(), method: request.method, headers: request.headers };
}

describe('4. expired credentials are handed out silently', () => {
  it('hands them out when renewal fails; the broker refuses', async () => {
    const clock = { offsetMs: 0 };
    serveUri(3600);
    const bare = bareUri();
    const provider = ours(
      { type: 'credentials_uri', uri: world.uri.url },
      () => Date.now() + clock.offsetMs,
    );
    const before = await bare.getCredentials();
    await provider.get();
    world.uri.answer = { status: 403, body: 'no' };

    const realNow = Date.now;
    Date.now = () => realNow() + 7200_000;
    const after = await bare.getCredentials().finally(() => {
      Date.now = realNow;
    });
    expect(after.accessKeyId).toBe(before.accessKeyId);

    clock.offsetMs = 7200_000;
    expect(await messageOf(provider.get())).toContain('answered with status 403');
  });
});

describe('5. the default chain races with itself', () => {
  it('fails for all but one of the first callers; the broker fails for none', async () => {
    serveUri(3600);
    process.env['ALIBABA_CLOUD_CREDENTIALS_URI'] = world.uri.url;
    const bare = library.DefaultCredentialsProvider.builder().build();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => bare.getCredentials()));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(2);

    world.environment['ALIBABA_CLOUD_CREDENTIALS_URI'] = world.uri.url;
    world.environment['ALIBABA_CLOUD_ECS_METADATA_DISABLED'] = 'true';
    const provider = ours({ type: 'default_chain' });
    expect(await Promise.all([1, 2, 3].map(() => provider.get()))).toHaveLength(3);
  });
});

describe('6. the default chain sticks to the last source that failed', () => {
  it('never finds a source that appears later; the broker does', async () => {
    const clock = { offsetMs: 0 };
    world.environment['ALIBABA_CLOUD_ECS_METADATA_DISABLED'] = 'true';
    const bare = library.DefaultCredentialsProvider.builder().build();
    const provider = ours({ type: 'default_chain' }, () => Date.now() + clock.offsetMs);
    await messageOf(bare.getCredentials());
    expect(await messageOf(provider.get())).toContain(
      'no source is present; set up one of environment, OIDC role',
    );

    const user = world.createUserKey();
    for (const environment of [process.env, world.environment]) {
      environment['ALIBABA_CLOUD_ACCESS_KEY_ID'] = user.accessKeyId;
      environment['ALIBABA_CLOUD_ACCESS_KEY_SECRET'] = user.accessKeySecret;
    }
    expect(await messageOf(bare.getCredentials())).toContain('undefined');
    clock.offsetMs = 2000;
    expect((await provider.get()).accessKeyId).toBe(user.accessKeyId);
  });
});

describe('7. error texts contain secrets', () => {
  it('quotes the answer of a credentials URI; the broker does not', async () => {
    serveUri(3600, { AccessKeySecret: CANARY, SecurityToken: '' });
    expect(await messageOf(bareUri().getCredentials())).toContain(CANARY);

    const said = await messageOf(ours({ type: 'credentials_uri', uri: world.uri.url }).get());
    expect(said).toContain('lacks a part of the credentials');
    expect(said).not.toContain(CANARY);
  });
});

describe('8. nothing is retried', () => {
  it('fails with one server error; the broker retries', async () => {
    const bare = bareRole();
    world.sts.faults.once({ kind: 'json5xx', code: 'ServiceUnavailable' });
    expect(await messageOf(bare.getCredentials())).toContain('refresh session token failed');

    const provider = ours(ROLE);
    world.sts.faults.once({ kind: 'json5xx', code: 'ServiceUnavailable' });
    expect((await provider.get()).accessKeyId).toMatch(/^STS\./);
  });
});

describe('9. the scheme of the STS endpoint is always https', () => {
  it('cannot reach a simulator on loopback; the broker can', async () => {
    const bare = bareRole(() => {});
    expect(await messageOf(bare.getCredentials())).toMatch(/EPROTO|SSL|wrong version/);

    expect((await ours(ROLE).get()).accessKeyId).toMatch(/^STS\./);
  });
});

describe('10. a failure that a credentials URI reports counts as credentials', () => {
  it('accepts Code: Fail; the broker does not', async () => {
    serveUri(3600, { Code: 'Fail' });
    expect((await bareUri().getCredentials()).accessKeyId).toMatch(/^STS\./);

    const said = await messageOf(ours({ type: 'credentials_uri', uri: world.uri.url }).get());
    expect(said).toContain('its Code is not Success');
  });
});

describe('11. an expiry is accepted in two formats only', () => {
  it('does not accept +00:00; the broker does', async () => {
    const expiration = new Date(Date.now() + 3600_000).toISOString().replace(/\.\d+Z$/, '+00:00');
    serveUri(3600, { Expiration: expiration });
    expect(await messageOf(bareUri().getCredentials())).toContain('invalid UTC format');

    const { expiresAtMs } = await ours({ type: 'credentials_uri', uri: world.uri.url }).get();
    expect(expiresAtMs).toBe(Date.parse(expiration));
  });
});

describe("12. a CLI profile's sts_token, policy and external_id are ignored", () => {
  it('assumes the role with other settings; the broker uses those of the profile', async () => {
    const base = world.createSession();
    const policy =
      '{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}';
    const profile = {
      name: 'default',
      mode: 'RamRoleArn',
      access_key_id: base.AccessKeyId,
      access_key_secret: base.AccessKeySecret,
      sts_token: base.SecurityToken,
      ram_role_arn: BROKER_ROLE_ARN,
      ram_session_name: 'broker',
      policy,
      external_id: EXTERNAL_ID,
    };
    const path = await world.writeText('config.json', JSON.stringify({ profiles: [profile] }));
    delete process.env['ALIBABA_CLOUD_CLI_PROFILE_DISABLED'];
    const bare = library.CLIProfileCredentialsProvider.builder().withProfileName('default').build();
    const inner: unknown = Reflect.apply(Reflect.get(bare, 'getCredentialsProvider'), bare, [
      { profiles: [profile] },
      'default',
    ]);
    if (typeof inner !== 'object' || inner === null) throw new Error('There is no provider.');
    expect(inner).toMatchObject({ policy: undefined, externalId: undefined });
    expect(Reflect.get(inner, 'credentialsProvider')).not.toHaveProperty('securityToken');

    await ours({ type: 'profile', path, name: 'default' }).get();
    expect(world.sts.calls.at(-1)).toMatchObject({
      accessKeyId: base.AccessKeyId,
      params: { Policy: policy, ExternalId: EXTERNAL_ID },
    });
  });
});
