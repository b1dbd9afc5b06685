/** Profiles of the CLI and the SDKs, the default chain, and the messages to the operator. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SourceCredentialsSettings } from '../../src/config/source-credentials-settings.ts';
import { RefusalError } from '../../src/refusal.ts';
import {
  createSourceCredentials,
  findStartProblem,
} from '../../src/source-credentials/create-source-credentials.ts';
import { tellInto } from '../support/observe.ts';
import { BROKER_ROLE_ARN, CANARY, EXTERNAL_ID, OIDC_ARN, startWorld, type World } from './world.ts';

let world: World;
let told: string[];
beforeEach(async () => {
  world = await startWorld();
  told = [];
});
afterEach(() => world.close());

function create(settings: SourceCredentialsSettings, now = Date.now) {
  return createSourceCredentials(settings, {
    ...world.createTools(),
    now,
    observe: tellInto(told, now),
  });
}

async function problemOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => 'it was not refused',
    (reason: unknown) => reason,
  );
  if (!(error instanceof RefusalError)) return String(error);
  return 'problem' in error.refusal ? error.refusal.problem : error.refusal.reason;
}

async function writeHome(path: string, text: string): Promise<void> {
  const file = join(world.createTools().homeDirectory, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

const writeCliConfig = (...profiles: readonly object[]) =>
  writeHome('.aliyun/config.json', JSON.stringify({ current: 'default', profiles }));

function userProfile(world: World) {
  const { accessKeyId, accessKeySecret } = world.createUserKey();
  return { access_key_id: accessKeyId, access_key_secret: accessKeySecret };
}

function sessionProfile(world: World) {
  const { AccessKeyId, AccessKeySecret, SecurityToken } = world.createSession();
  const accessKey = { access_key_id: AccessKeyId, access_key_secret: AccessKeySecret };
  return { ...accessKey, sts_token: SecurityToken };
}

const ROLE = { ram_role_arn: BROKER_ROLE_ARN, ram_session_name: 'broker' };

function serve(server: World['uri']): string {
  const session = world.createSession();
  server.answer = { status: 200, body: JSON.stringify({ Code: 'Success', ...session }) };
  return session.AccessKeyId;
}

describe('a CLI profile', () => {
  it.each<[string, (world: World) => Promise<object> | object]>([
    ['AK', userProfile],
    ['StsToken', sessionProfile],
    ['RamRoleArn', (here) => ({ ...userProfile(here), ...ROLE, expired_seconds: 900 })],
    ['RamRoleArn', (here) => ({ ...sessionProfile(here), ...ROLE, external_id: EXTERNAL_ID })],
    ['EcsRamRole', (here) => ({ id: serve(here.metadata), ram_role_name: 'EcsRoleExample' })],
    ['CredentialsURI', (here) => ({ id: serve(here.uri), credentials_uri: here.uri.url })],
    [
      'OIDC',
      async (here) => {
        const file = await here.writeClusterToken();
        return { ...ROLE, oidc_provider_arn: OIDC_ARN, oidc_token_file: file };
      },
    ],
    [
      'External',
      async (here) => {
        const path = await here.writeText('a file', JSON.stringify(sessionProfile(here)));
        return { process_command: `cat "${path}"` };
      },
    ],
    ['ChainableRamRoleArn', () => ({ ...ROLE, source_profile: 'base' })],
  ])('signs in mode %s', async (mode, makeProfile) => {
    const base = { name: 'base', mode: 'AK', ...userProfile(world) };
    await writeCliConfig(base, { name: 'default', mode, ...(await makeProfile(world)) });
    const issued = await world.createSigner(create({ type: 'profile' }))();

    expect(issued.accessKeyId).toMatch(/^STS\./);
  });

  it('is the named one, else that of the environment, else the current one', async () => {
    const [named, ofEnvironment, current] = [1, 2, 3].map(() => userProfile(world));
    await writeCliConfig(
      { name: 'named', mode: 'AK', ...named },
      { name: 'other', mode: 'AK', ...ofEnvironment },
      { name: 'default', mode: 'AK', ...current },
    );
    const idOf = async (settings: SourceCredentialsSettings) =>
      (await create(settings).get()).accessKeyId;

    expect(await idOf({ type: 'profile' })).toBe(current?.access_key_id);
    world.environment['ALIBABA_CLOUD_PROFILE'] = 'other';
    expect(await idOf({ type: 'profile' })).toBe(ofEnvironment?.access_key_id);
    expect(await idOf({ type: 'profile', name: 'named' })).toBe(named?.access_key_id);
  });

  it.each([
    ['a file that is not JSON', `{"access_key_secret":"${CANARY}`, /is not JSON$/],
    ['a file without profiles', '{}', /has no profiles$/],
    ['a missing profile', '{"profiles":[]}', /there is no profile with that name/],
    [
      'a mode with a login',
      '{"profiles":[{"name":"default","mode":"CloudSSO"}]}',
      /its mode is unusable for a server/,
    ],
    ['an empty profile', '{"profiles":[{"name":"default","mode":"AK"}]}', /its profile is empty/],
    [
      'a loop',
      '{"profiles":[{"name":"default","mode":"ChainableRamRoleArn","source_profile":"default"}]}',
      /nested too deeply/,
    ],
  ])('reports %s', async (_what, text, said) => {
    await writeHome('.aliyun/config.json', text);
    const problem = await problemOf(create({ type: 'profile' }).get());

    expect(problem).toMatch(said);
    expect(problem).not.toContain(CANARY);
  });
});

describe('the default chain', () => {
  it('follows the documented order', async () => {
    const clock = { offsetMs: 0 };
    const provider = create({ type: 'default_chain' }, () => Date.now() + clock.offsetMs);
    // from the last to the first: each new source precedes those already present
    world.metadata.answer = { status: 404, body: '' };
    const found: string[] = [];
    const look = async () => {
      clock.offsetMs += 3000_000; // due for renewal, but not expired
      await provider.get();
      await expect.poll(async () => (await provider.get()).accessKeyId).not.toBe(found.at(-1));
      found.push((await provider.get()).accessKeyId);
    };

    const expected = [serve(world.uri)];
    world.environment['ALIBABA_CLOUD_CREDENTIALS_URI'] = world.uri.url;
    found.push((await provider.get()).accessKeyId);

    expected.push(serve(world.metadata));
    await look();
    const ofSdk = world.createUserKey();
    expected.push(ofSdk.accessKeyId);
    await writeHome(
      '.alibabacloud/credentials',
      `[default]\ntype = access_key\naccess_key_id = ${ofSdk.accessKeyId}\naccess_key_secret = ${ofSdk.accessKeySecret}\n`,
    );
    await look();
    const ofCli = userProfile(world);
    expected.push(ofCli.access_key_id);
    await writeCliConfig({ name: 'default', mode: 'AK', ...ofCli });
    await look();
    const ofEnvironment = world.createUserKey();
    expected.push(ofEnvironment.accessKeyId);
    world.environment['ALIBABA_CLOUD_ACCESS_KEY_ID'] = ofEnvironment.accessKeyId;
    world.environment['ALIBABA_CLOUD_ACCESS_KEY_SECRET'] = ofEnvironment.accessKeySecret;
    await look();

    expect(found).toEqual(expected);
  });

  it('uses the OIDC role before any profile, and does not change identity when STS fails', async () => {
    await writeCliConfig({ name: 'default', mode: 'AK', ...userProfile(world) });
    serve(world.metadata);
    world.environment['ALIBABA_CLOUD_ROLE_ARN'] = BROKER_ROLE_ARN;
    world.environment['ALIBABA_CLOUD_OIDC_PROVIDER_ARN'] = OIDC_ARN;
    world.environment['ALIBABA_CLOUD_OIDC_TOKEN_FILE'] = await world.writeClusterToken();
    await create({ type: 'default_chain' }).get();
    expect(world.sts.calls.map(({ action }) => action)).toEqual(['AssumeRoleWithOIDC']);

    world.sts.faults.set({ kind: 'json5xx', code: 'ServiceUnavailable' });
    const problem = await problemOf(create({ type: 'default_chain' }).get());
    expect(problem).toBe('default_chain: OIDC role: STS answered ServiceUnavailable');
    expect(world.metadata.asked).toEqual([]);
  });

  it('does not change identity when an instance role that was found before fails', async () => {
    const clock = { offsetMs: 0 };
    const own = serve(world.metadata);
    serve(world.uri);
    world.environment['ALIBABA_CLOUD_CREDENTIALS_URI'] = world.uri.url;
    const provider = create({ type: 'default_chain' }, () => Date.now() + clock.offsetMs);
    expect((await provider.get()).accessKeyId).toBe(own);

    world.metadata.answer = { status: 404, body: '' };
    clock.offsetMs = 3600_000;
    expect(await problemOf(provider.get())).toMatch(/instance role: .* status 404/);
    expect(world.uri.asked).toEqual([]);
  });

  it('reads a role from the ini file of the SDKs', async () => {
    const { accessKeyId, accessKeySecret } = world.createUserKey();
    await writeHome(
      '.alibabacloud/credentials',
      `; a comment\n[other]\ntype=access_key\n[default]\ntype=ram_role_arn\naccess_key_id=${accessKeyId}\naccess_key_secret="${accessKeySecret}"\nrole_arn=${BROKER_ROLE_ARN}\nrole_session_name=broker\n`,
    );

    expect((await create({ type: 'default_chain' }).get()).accessKeyId).toMatch(/^STS\./);
  });
});

describe('the operator', () => {
  it('is told once that a long-lived AccessKey never rotates', async () => {
    const { accessKeyId, accessKeySecret } = world.createUserKey();
    world.environment['OSS_ACCESS_KEY_ID'] = accessKeyId;
    world.environment['OSS_ACCESS_KEY_SECRET'] = accessKeySecret;
    const provider = create({ type: 'environment' });
    await provider.get();
    await provider.get();

    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /long-lived AccessKey, which does not rotate by itself.*STS refuses AssumeRole to the account/,
    );
    expect(told[0]).not.toContain(accessKeySecret);
  });

  it('is told so for an AccessKey that assumes a role too', async () => {
    const { accessKeyId, accessKeySecret } = world.createUserKey();
    world.environment['OSS_ACCESS_KEY_ID'] = accessKeyId;
    world.environment['OSS_ACCESS_KEY_SECRET'] = accessKeySecret;
    await create({ type: 'ram_role_arn', role: BROKER_ROLE_ARN }).get();

    expect(told.map((message) => message.slice(0, 45))).toEqual([
      'source credentials (environment): a long-live',
      'source credentials (ram_role_arn): temporary,',
    ]);
  });

  it('is told when temporary credentials expire, and whether anything renews them', async () => {
    const session = world.createSession();
    const path = await world.writeText('credentials.json', JSON.stringify(session));
    await create({ type: 'file', path }).get();
    world.environment['OSS_ACCESS_KEY_ID'] = session.AccessKeyId;
    world.environment['OSS_ACCESS_KEY_SECRET'] = session.AccessKeySecret;
    world.environment['OSS_SESSION_TOKEN'] = session.SecurityToken;
    await create({ type: 'environment' }).get();

    expect(told[0]).toContain(`valid until ${session.Expiration.replace('Z', '.000Z')}`);
    expect(told[1]).toMatch(/no known expiry\. Nothing renews them/);
  });

  it.each<[string, Record<string, string>, RegExp | undefined]>([
    ['nothing', {}, undefined],
    ['a valid AccessKey', { OSS_ACCESS_KEY_ID: 'LTAIx', OSS_ACCESS_KEY_SECRET: 's' }, undefined],
    [
      'a session without its token',
      { OSS_ACCESS_KEY_ID: 'STS.x', OSS_ACCESS_KEY_SECRET: 's' },
      /needs its SecurityToken \(OSS_ACCESS_KEY_ID, OSS_SESSION_TOKEN\)/,
    ],
    [
      'a token with a RAM user',
      { OSS_ACCESS_KEY_ID: 'LTAIx', OSS_ACCESS_KEY_SECRET: 's', OSS_SESSION_TOKEN: 't' },
      /belongs to a RAM user/,
    ],
    [
      'half an AccessKey',
      { ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAIx' },
      /_ID is set, but .*_SECRET is not/,
    ],
    [
      'a placeholder',
      { OSS_ACCESS_KEY_ID: 'YOUR_ACCESS_KEY_ID', OSS_ACCESS_KEY_SECRET: 's' },
      /still a placeholder/,
    ],
  ])(
    'is told at the start what is wrong with %s in the environment',
    async (_what, environment, said) => {
      for (const settings of [{ type: 'environment' }, { type: 'ram_role_arn' }] as const) {
        const problem = await findStartProblem(settings, environment);
        if (said === undefined) expect(problem).toBeUndefined();
        else expect(problem).toMatch(said);
      }
    },
  );

  it('is told at the start that a file does not exist', async () => {
    expect(await findStartProblem({ type: 'file', path: '/nonexistent/x' }, {})).toBe(
      'sourceCredentials (file): the file cannot be read (ENOENT)',
    );
  });
});
