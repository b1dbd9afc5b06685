import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import OSS from 'ali-oss';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keepCircuitClosed, REFUSAL_CASES, REFUSALS_CONFIG } from '../refusals/cases.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { type Bundle, buildBundle, startBundle } from '../support/bundle.ts';
import { createOssClient, credentialOf, ossRefusal } from '../support/oss-client.ts';

let bundle: Bundle;
let broker: TestBroker;

beforeAll(async () => {
  bundle = buildBundle();
  broker = await startTestBroker({ config: REFUSALS_CONFIG, bundle });
}, 120_000);

afterAll(async () => {
  await broker.close();
});

/** The audit line of an answer, once it has come through the pipe. */
async function auditLineOf(requestId: string | null) {
  return vi.waitFor(() => {
    const line = broker.auditLines().find((one) => one['requestId'] === requestId);
    if (line === undefined) throw new Error(`no audit line for ${requestId}`);
    return line;
  });
}

describe('the built broker, under the Node of Function Compute', () => {
  it('issues a credential that ali-oss uploads with, below its prefix only', async () => {
    const { body } = await broker.ask({ claims: { plan: 'basic' } });
    const client = createOssClient(broker.simulator.oss.url, credentialOf(body));

    expect((await client.put('users/user-1/a.txt', Buffer.from('a'))).res.status).toBe(200);
    expect(await ossRefusal(client.put('users/user-10/a.txt', Buffer.from('a')))).toBe(
      'AccessDenied',
    );
  });

  it('takes the request id of the platform, and its hooks', async () => {
    const headers = { 'x-fc-request-id': '1-64f6cd87-0f3a2b7e5c1d' };
    const hook = (controlPath: string) =>
      broker.ask({
        token: null,
        path: '/initialize',
        headers: { 'x-fc-control-path': controlPath },
      });

    expect((await broker.ask({ claims: { plan: 'basic' }, headers })).body['RequestId']).toBe(
      headers['x-fc-request-id'],
    );
    expect((await hook('/initialize')).status).toBe(200);
    expect((await hook('/http-invoke')).status).toBe(404);
  });

  // the last of these takes the role of the function away, as if its session were over
  it.each(REFUSAL_CASES)('refuses for $reason with $status $code', async (refusal) => {
    await keepCircuitClosed(broker, refusal);
    const answer = await refusal.ask(broker);

    expect(answer.status).toBe(refusal.status);
    expect(answer.body).toMatchObject({ code: refusal.code });
    expect(await auditLineOf(answer.headers.get('x-request-id'))).toMatchObject({
      decision: 'refused',
      reason: refusal.reason,
    });
  });

  it('finishes the requests in flight when it is told to end', async () => {
    const other = await startTestBroker({ config: SIMPLE_CONFIG });
    const running = await startBundle({
      ...bundle,
      text: SIMPLE_CONFIG.replace('{{issuer}}', other.issuer.url)
        .replace('{{sts}}', other.simulator.sts.url)
        .replace('{{oss}}', other.simulator.oss.url),
      simulator: other.simulator,
      write: async () => {},
    });
    const ended = new Promise<number | null>((resolve) => running.child.once('exit', resolve));
    const token = await other.issuer.token();
    const ask = () =>
      fetch(`http://127.0.0.1:${running.port}/v1/credentials`, {
        headers: { Authorization: `Bearer ${token}` },
      });
    other.simulator.sts.faults.once({ kind: 'slow', delayMs: 400 });
    const slow = ask();
    while (other.stsCalls() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    running.child.kill('SIGTERM');

    expect((await slow).status).toBe(200);
    expect(await ended).toBe(0);
    await expect(ask()).rejects.toThrow();
    await other.close();
  });
});

describe('the built broker, with its config in OSS', () => {
  it('starts from it, takes up a change, and keeps what it has when the change is bad', async () => {
    const cloud = await startTestBroker({ config: SIMPLE_CONFIG });
    const { simulator, issuer } = cloud;
    const { accessKeyId } = simulator.sourceCredentials;
    const source = simulator.cloud.identities.get(accessKeyId);
    if (source === undefined) throw new Error('the broker has no identity');
    const mayReadConfig = {
      Version: '1',
      Statement: [
        { Effect: 'Allow', Action: 'oss:GetObject', Resource: 'acs:oss:*:*:other/broker.yaml' },
      ],
    } as const;
    const policies = source.policies.map((set) => [...set, mayReadConfig]);
    simulator.cloud.identities.set(accessKeyId, { ...source, policies });
    const everything = {
      Version: '1',
      Statement: [{ Effect: 'Allow', Action: 'oss:*', Resource: '*' }],
    } as const;
    const operator = { accessKeyId: 'LTAIoperator', accessKeySecret: 'operator' };
    const arn = 'acs:ram::123456789012:user/operator';
    simulator.cloud.identities.set('LTAIoperator', { ...operator, arn, policies: [[everything]] });
    const client = new OSS({
      ...operator,
      bucket: 'other',
      region: 'oss-cn-hangzhou',
      endpoint: simulator.oss.url,
    });
    const text = SIMPLE_CONFIG.replace('{{issuer}}', issuer.url)
      .replace('{{sts}}', simulator.sts.url)
      .replace('{{oss}}', simulator.oss.url);
    const put = (config: string) => client.put('broker.yaml', Buffer.from(config));
    await put(text);
    const running = await startBundle({
      ...bundle,
      text: '',
      simulator,
      write: async () => {},
      environment: {
        BROKER_CONFIG: 'oss://other/broker.yaml',
        BROKER_CONFIG_REGION: 'cn-hangzhou',
        BROKER_CONFIG_ENDPOINT: simulator.oss.url,
      },
    });
    let told = '';
    running.child.stderr?.on('data', (chunk) => {
      told += chunk;
    });
    const ask = async () => {
      const headers = { Authorization: `Bearer ${await issuer.token()}` };
      const url = `http://127.0.0.1:${running.port}/v1/credentials`;
      return (await fetch(url, { headers })).status;
    };
    const change = async (config: string) => {
      const before = told.length;
      await put(config);
      running.child.kill('SIGHUP');
      await vi.waitFor(() => expect(told.slice(before)).toContain('in use'), { timeout: 5000 });
    };

    expect(await ask()).toBe(200);
    await change(text.replace('    issuer: app', '    issuer: app\n    disabled: true'));
    expect(await ask()).toBe(403);
    await change('region: X');
    expect(told).toContain('oss://other/broker.yaml:1:9 region: must be a region id');
    expect(await ask()).toBe(403);
    await change(`${text}# as before\n`);
    expect(await ask()).toBe(200);
    await running.close();
    await cloud.close();
  });
});

describe('the built broker, started by hand', () => {
  const run = async (environment: Readonly<Record<string, string>>, node = process.execPath) => {
    const child = spawn(node, [bundle.main], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let told = '';
    child.stderr.on('data', (chunk) => {
      told += chunk;
    });
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { code, told };
  };

  it('never starts with a bad config, and says all that is wrong with it', async () => {
    const { code, told } = await run({
      BROKER_CONFIG_YAML: 'region: X\nbuckets: {}\nissuers: []\n',
      PORT: '0',
    });

    expect(code).toBe(1);
    expect(told).toContain('BROKER_CONFIG_YAML:1:9 region: must be a region id');
    expect(told).toContain('grants: is missing');
    expect(told).not.toContain('    at ');
  });

  it('says what to do without a config, or with one that was tampered with', async () => {
    expect((await run({ BROKER_CONFIG: '/nowhere/broker.yaml' })).told).toContain(
      'set BROKER_CONFIG to the path',
    );
    expect((await run({ BROKER_CONFIG: 'oss://bucket/broker.yaml' })).told).toContain(
      'needs BROKER_CONFIG_REGION',
    );
    expect((await run({ BROKER_CONFIG: `${process.cwd()}/package.json` })).told).toContain(
      'is not what npm run compile wrote',
    );
  });

  it.each([
    ['this Node', () => process.execPath],
    ['the Node of the platform', () => bundle.node],
  ])('starts under %s, whose code cache the build holds or not', async (_what, node) => {
    const text = SIMPLE_CONFIG.replace('{{issuer}}', 'https://login.example.com')
      .replace('{{sts}}', '127.0.0.1:1')
      .replace('{{oss}}', 'http://127.0.0.1:1');
    const running = await startBundle({
      node: node(),
      main: bundle.main,
      text,
      simulator: broker.simulator,
      write: async () => {},
    });
    await running.close();

    expect(running.port).toBeGreaterThan(0);
  });
});

describe('the folder of the build', () => {
  it('holds nothing of the simulator or the tests, and the licence of everything else', () => {
    const folder = dirname(bundle.main);
    const code = readdirSync(folder)
      .filter((name) => name.endsWith('.cjs'))
      .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
      .join('\n');
    const licences = readFileSync(`${folder}/LICENSES.txt`, 'utf8');

    const strays = ['ListBucketResult', 'simulated'];
    expect(strays.filter((stray) => code.includes(stray))).toEqual([]);
    for (const name of [
      'hono',
      'jose',
      'zod',
      'yaml',
      '@alicloud/sts20150401',
      '@alicloud/credentials',
    ]) {
      expect(new RegExp(`^${name} \\d`, 'm').test(licences), name).toBe(true);
    }
  });
});
