/** The RAM policies of the deployment page are enough for the broker, and for nothing else. */
import { afterEach, describe, expect, it } from 'vitest';
import type { RamPolicy } from '../../src/session-policy/ram-policy.ts';
import { createOssClient, credentialOf, ossRefusal } from '../support/oss-client.ts';
import { blocksOf, blockWith } from './pages.ts';
import { readPolicy, readTrust } from './policies.ts';
import { missingPrograms, optionOf, runShell, type ShellCall } from './shell.ts';
import { startWorld, type World } from './world.ts';

const PAGE = 'docs/deployment.md';
const ACCOUNT = 'acs:ram::123456789012';

/** The page's commands are run with bash, and recorded. */
const hasShell = missingPrograms('').length === 0;

let world: World;

afterEach(() => world.close());

/** Puts what RAM would hold into the simulator's account: one source identity, and the role of the grants. */
function setUp(options: {
  readonly arn: string;
  readonly policies: readonly RamPolicy[];
  readonly trustedArns: readonly string[];
  readonly rolePolicies: readonly RamPolicy[];
}): void {
  const { cloud, roleArn, sourceCredentials } = world.broker.simulator;
  const { accessKeyId, accessKeySecret } = sourceCredentials;
  const { arn, policies, trustedArns, rolePolicies } = options;
  cloud.identities.set(accessKeyId, { accessKeyId, accessKeySecret, arn, policies: [policies] });
  const role = cloud.roles.get(roleArn);
  if (role === undefined) throw new Error('the simulator has no role');
  cloud.roles.set(roleArn, { ...role, trustedArns, policies: rolePolicies });
}

async function ask(caller: 'app' | 'ci', body: object) {
  return world.broker.ask({ token: await world.token(caller), body });
}

async function recordCalls(): Promise<readonly ShellCall[]> {
  const blocks = blocksOf(PAGE, 'sh').filter(({ text }) => text.includes('aliyun ram'));
  const runs = await Promise.all(blocks.map(({ text }) => runShell(text)));
  return runs.flatMap(({ calls }) => calls);
}

/** The document that a call of `aliyun ram` hands over for this name. */
function documentOf(calls: readonly ShellCall[], call: string, name: string): string {
  const named = calls.find(({ args }) => {
    const called = optionOf(args, '--RoleName') ?? optionOf(args, '--PolicyName');
    return args[1] === call && called === name;
  });
  const option = call === 'CreateRole' ? '--AssumeRolePolicyDocument' : '--PolicyDocument';
  return optionOf(named?.args ?? [], option) ?? '';
}

describe.skipIf(!hasShell)('the commands for Function Compute', () => {
  it('make two roles with which a page uploads, lists and reads, and nobody reaches more', async () => {
    world = await startWorld();
    const calls = await recordCalls();
    const trust = documentOf(calls, 'CreateRole', 'oss-uploader');
    setUp({
      arn: `${ACCOUNT}:assumed-role/oss-token-broker/fc`,
      policies: [readPolicy(documentOf(calls, 'CreatePolicy', 'oss-token-broker'))],
      trustedArns: readTrust(trust),
      rolePolicies: [readPolicy(documentOf(calls, 'CreatePolicy', 'oss-uploader'))],
    });
    const { status, body } = await ask('app', { Grant: 'user-files' });
    const client = createOssClient(world.broker.simulator.oss.url, credentialOf(body));

    expect(status).toBe(200);
    await client.multipartUpload('users/42/a', Buffer.alloc(300_000), { partSize: 102_400 });
    expect((await client.get('users/42/a')).res.status).toBe(200);
    const query = { prefix: 'users/42/', 'max-keys': '10' };
    expect((await client.listV2(query, {})).objects).toHaveLength(1);
    expect(await ossRefusal(client.get('users/43/a'))).toBe('AccessDenied');
    // the source identity may assume this role alone
    expect((await ask('ci', {})).body['code']).toBe('sts_refused');
  });

  it('attach each policy that they make to the role of the same name', async () => {
    world = await startWorld();
    const calls = await recordCalls();
    const attached = calls.filter(({ args }) => args[1] === 'AttachPolicyToRole');

    expect(readTrust(documentOf(calls, 'CreateRole', 'oss-token-broker'))).toEqual([
      'fc.aliyuncs.com',
    ]);
    expect(
      attached.map(({ args }) => [optionOf(args, '--PolicyName'), optionOf(args, '--RoleName')]),
    ).toEqual(['oss-token-broker', 'oss-uploader', 'oss-releases'].map((name) => [name, name]));
  });
});

describe.skipIf(!hasShell)('the commands for a second role and bucket', () => {
  it('let a CI job write below its prefix, and keep each role to its bucket', async () => {
    world = await startWorld();
    const calls = await recordCalls();
    const policies = [readPolicy(documentOf(calls, 'CreatePolicyVersion', 'oss-token-broker'))];
    const arn = `${ACCOUNT}:assumed-role/oss-token-broker/fc`;
    const rolePolicies = [readPolicy(documentOf(calls, 'CreatePolicy', 'oss-uploader'))];
    setUp({ arn, policies, trustedArns: [`${ACCOUNT}:role/oss-token-broker`], rolePolicies });
    const { cloud } = world.broker.simulator;
    const name = `${ACCOUNT}:role/oss-releases`;
    const role = cloud.roles.get(name);
    if (role === undefined) throw new Error('the simulator has no second role');
    cloud.roles.set(name, {
      ...role,
      trustedArns: readTrust(documentOf(calls, 'CreateRole', 'oss-releases')),
      policies: [readPolicy(documentOf(calls, 'CreatePolicy', 'oss-releases'))],
    });
    const { body } = await ask('ci', {});
    const client = createOssClient(world.broker.simulator.oss.url, credentialOf(body), {
      bucket: 'releases',
    });

    expect((await client.put('987/tool.tgz', Buffer.from('a'))).res.status).toBe(200);
    expect((await client.get('987/tool.tgz')).res.status).toBe(200);
    expect(await ossRefusal(client.put('988/tool.tgz', Buffer.from('a')))).toBe('AccessDenied');
    expect((await ask('app', { Grant: 'user-files' })).status).toBe(200);
  });
});

describe('the policies of the section RAM', () => {
  it('let a RAM user assume the role of the grants, and no other', async () => {
    world = await startWorld();
    setUp({
      arn: `${ACCOUNT}:user/oss-token-broker`,
      policies: [readPolicy(blockWith(PAGE, 'json', 'Resource').text)],
      trustedArns: readTrust(blockWith(PAGE, 'json', 'Principal').text),
      rolePolicies: [],
    });

    expect((await ask('app', { Grant: 'user-files' })).status).toBe(200);
    expect((await ask('ci', {})).body['code']).toBe('sts_refused');
  });
});
