import { execFile } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { Undocumented } from '../../simulator/oss/undocumented.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import type { RamStatement } from '../../src/session-policy/ram-policy.ts';
import { ROOT } from '../docs/pages.ts';
import { createOssClient } from '../support/oss-client.ts';

let simulator: Simulator;

async function start(undocumented: Partial<Undocumented>): Promise<void> {
  simulator = await startSimulator({
    now: Date.now,
    buckets: ['app-media'],
    region: 'cn-hangzhou',
    undocumented,
  });
}

afterEach(() => simulator.close());

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as `npm run probe:symlinks` does. */
function probe(
  args: readonly string[] = [],
  options: { readonly stopAt?: string; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<Run> {
  const { accessKeyId, accessKeySecret } = simulator.sourceCredentials;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [
        ...['--import', 'tsx', 'tools/probe-symlinks.ts'],
        ...['--role-arn', simulator.roleArn, '--bucket', 'app-media', '--region', 'cn-hangzhou'],
        ...['--sts-endpoint', simulator.sts.url, '--oss-endpoint', simulator.oss.url, ...args],
      ],
      {
        cwd: ROOT,
        env: {
          PATH: process.env['PATH'],
          ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
          ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
          ...options.environment,
        },
      },
      (error, stdout, stderr) =>
        resolve({
          code: typeof error?.code === 'number' ? error.code : error ? -1 : 0,
          stdout,
          stderr,
        }),
    );
    const { stopAt } = options;
    child.stdout?.on('data', (text) => {
      if (stopAt !== undefined && String(text).includes(stopAt)) child.kill('SIGINT');
    });
  });
}

/** Every key that is left in the bucket. */
async function keysLeft(): Promise<readonly string[]> {
  const keys = { accessKeyId: 'LTAIowner', accessKeySecret: 'secret', securityToken: 'token' };
  const Statement = [{ Effect: 'Allow', Action: 'oss:*', Resource: '*' } as const];
  const arn = 'acs:ram::123456789012:user/owner';
  const policies = [[{ Version: '1', Statement } as const]];
  simulator.cloud.identities.set(keys.accessKeyId, { ...keys, arn, policies });
  const client = createOssClient(simulator.oss.url, {
    AccessKeyId: keys.accessKeyId,
    AccessKeySecret: keys.accessKeySecret,
    SecurityToken: keys.securityToken,
  });
  const { objects } = await client.listV2({ 'max-keys': '1000' }, {});
  return (objects ?? []).map(({ name }) => name);
}

function denyToRole(statement: RamStatement): void {
  const role = simulator.cloud.roles.get(simulator.roleArn);
  if (role === undefined) throw new Error('there is no role');
  const denial = { Version: '1', Statement: [statement] } as const;
  simulator.cloud.roles.set(role.arn, { ...role, policies: [...role.policies, denial] });
}

/** Each step with its mark, in order. */
const marksOf = ({ stdout }: Run) =>
  [...stdout.matchAll(/^(as expected|UNEXPECTED|question) /gm)].map(([, mark]) => mark);

describe('npm run probe:symlinks', () => {
  it.each([
    [true, true, 0],
    [true, false, 1],
    [false, true, 1],
    [false, false, 1],
  ])(
    'sees a destination under the policy (%s) and a form under its condition (%s): exit code %i',
    async (isPolicyAppliedToDestination, isFormAclAConditionKey, code) => {
      await start({ isPolicyAppliedToDestination, isFormAclAConditionKey });
      const run = await probe();

      expect({ code: run.code, stderr: run.stderr }).toEqual({ code, stderr: '' });
      const yesOrNo = (is: boolean) => (is ? 'yes' : 'no');
      expect(run.stdout).toContain(
        `session policy applies to the destination: ${yesOrNo(isPolicyAppliedToDestination)}\n`,
      );
      expect(run.stdout).toContain(
        `sees the form field of PostObject: ${yesOrNo(isFormAclAConditionKey)}\n`,
      );
      expect(marksOf(run)).not.toContain('UNEXPECTED');
      expect(marksOf(run)).toHaveLength(isFormAclAConditionKey ? 14 : 15);
      expect(await keysLeft()).toEqual([]);
    },
  );

  it('settles nothing where a control fails, and still deletes what it made', async () => {
    await start({ isPolicyAppliedToDestination: true, isFormAclAConditionKey: true });
    // nobody can publish, so a refused form says nothing about the caller's condition
    denyToRole({
      Effect: 'Deny',
      Action: 'oss:PutObject',
      Resource: '*',
      Condition: { StringEquals: { 'oss:x-oss-object-acl': ['public-read'] } },
    });
    const run = await probe();

    expect(run.code).toBe(2);
    expect(run.stdout).toContain('UNEXPECTED   the owner publishes an object with a form');
    expect(run.stdout).toContain('applies to the destination: yes\n');
    expect(run.stdout).toContain('form field of PostObject: not settled\n');
    expect(await keysLeft()).toEqual([]);
  });

  it('settles nothing if nothing can be written', async () => {
    await start({});
    denyToRole({ Effect: 'Deny', Action: 'oss:PutObject', Resource: '*' });
    const run = await probe();

    expect(run.code).toBe(2);
    expect(run.stdout).toContain('applies to the destination: not settled\n');
    expect(run.stdout).toContain('form field of PostObject: not settled\n');
  });

  it('fails and names the keys if they cannot be deleted', async () => {
    await start({});
    denyToRole({ Effect: 'Deny', Action: 'oss:DeleteObject', Resource: '*' });
    const run = await probe();

    expect(run.code).toBe(2);
    expect(run.stdout.match(/^NOT DELETED {2}symlink-probe-[0-9a-f]{16}\//gm)).toHaveLength(8);
  });

  it('deletes what it made when it is stopped', async () => {
    await start({});
    const run = await probe([], { stopAt: 'the caller links to its own object' });

    expect(run.code).toBe(2);
    expect(run.stderr).toBe('stopped\n');
    expect(run.stdout).toContain('deleted      8 of 8 keys');
    expect(simulator.oss.calls.some(({ action }) => action === 'oss:PutObject')).toBe(true);
    expect(await keysLeft()).toEqual([]);
  });

  it('says why STS gave no session, without a secret', async () => {
    await start({});
    const environment = { ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'another-secret' };
    const run = await probe([], { environment });

    expect(run.code).toBe(2);
    expect(run.stderr).toContain('source_credentials_unavailable');
    expect(run.stderr + run.stdout).not.toContain('another-secret');
    expect(simulator.oss.calls).toEqual([]);
  });

  it('asks for what is missing', async () => {
    await start({});
    const run = await probe([], { environment: { ALIBABA_CLOUD_ACCESS_KEY_ID: '' } });

    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^usage: npm run probe:symlinks -- /);
  });
});
