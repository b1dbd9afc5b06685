/** How the bundle starts: from a config in OSS, with mistakes, and without help. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import OSS from 'ali-oss';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { builtBundle } from '../../support/built-bundle.ts';
import { type Bundle, freePort, startBundle } from '../../support/bundle.ts';
import { TICKET_ENVIRONMENT } from '../../support/credential-urls.ts';
import { toObject } from '../../support/declared.ts';

/** A config of which nothing is asked. */
const PLAIN_CONFIG = SIMPLE_CONFIG.replace('{{issuer}}', 'https://login.example.com/')
  .replace('{{sts}}', '127.0.0.1:1')
  .replace('{{oss}}', 'http://127.0.0.1:1');

let bundle: Bundle;
let broker: TestBroker;

beforeAll(async () => {
  bundle = builtBundle();
  broker = await startTestBroker({ config: SIMPLE_CONFIG, bundle });
});

afterAll(async () => {
  await broker.close();
});

describe('the built broker, with its config in OSS', () => {
  it('loads the config, applies a change, and keeps the current config if a change is invalid', async () => {
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
    const ask = async () => {
      const headers = { Authorization: `Bearer ${await issuer.token()}` };
      const url = `http://127.0.0.1:${running.port}/v1/credentials`;
      return (await fetch(url, { headers })).status;
    };
    const change = async (config: string) => {
      const before = running.errorOutput().length;
      await put(config);
      running.child.kill('SIGHUP');
      await vi.waitFor(() => expect(running.errorOutput().slice(before)).toContain('in use'), {
        timeout: 5000,
      });
    };

    expect(await ask()).toBe(200);
    await change(text.replace('    issuer: app', '    issuer: app\n    disabled: true'));
    expect(await ask()).toBe(403);
    await change('region: X');
    expect(running.errorOutput()).toContain(
      'oss://other/broker.yaml:1:9 region: must be a region id',
    );
    expect(await ask()).toBe(403);
    await change(`${text}# as before\n`);
    expect(await ask()).toBe(200);
    await running.close();
    await cloud.close();
  });
});

describe('the built broker whose region changes', () => {
  const ROLE = 'acs:ram::123456789012:role/oss-token-broker';
  const NEEDS_RESTART = 'the config changes sourceCredentials: restart the broker to apply it';

  it.each([
    ['a role', `{ type: ram_role_arn, role: "${ROLE}" }`, true],
    ['the environment', '{ type: environment }', false],
  ])('says whether source credentials from %s need a restart', async (_what, source, isNeeded) => {
    const folder = mkdtempSync(join(tmpdir(), 'broker-config-'));
    const file = join(folder, 'broker.yaml');
    const text = `${PLAIN_CONFIG}sourceCredentials: ${source}\n`;
    writeFileSync(file, text);
    const running = await startBundle({
      ...bundle,
      text: '',
      simulator: broker.simulator,
      write: async () => {},
      environment: { BROKER_CONFIG: file },
    });
    const before = running.errorOutput().length;
    writeFileSync(file, text.replace(/^region: .*$/m, 'region: cn-shanghai'));
    running.child.kill('SIGHUP');
    const told = () => running.errorOutput().slice(before);
    await vi.waitFor(() => expect(told()).toContain('is in use'), { timeout: 5000 });
    await running.close();
    rmSync(folder, { recursive: true });

    expect(told().includes(NEEDS_RESTART)).toBe(isNeeded);
  });
});

describe('the built broker with credential URLs', () => {
  const TICKETS =
    'publicUrl: https://broker.example.com\nsurfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: TICKET_KEY_K1 }] } }\n';

  it('seals and opens tickets, and keeps its config if a change names a key that it does not have', async () => {
    const cloud = await startTestBroker({ config: SIMPLE_CONFIG });
    const { simulator, issuer } = cloud;
    const folder = mkdtempSync(join(tmpdir(), 'broker-config-'));
    const file = join(folder, 'broker.yaml');
    const text = `${SIMPLE_CONFIG}${TICKETS}`
      .replace('{{issuer}}', issuer.url)
      .replace('{{sts}}', simulator.sts.url)
      .replace('{{oss}}', simulator.oss.url);
    writeFileSync(file, text);
    const running = await startBundle({
      ...bundle,
      text: '',
      simulator,
      write: async () => {},
      environment: { BROKER_CONFIG: file, ...TICKET_ENVIRONMENT },
    });
    const origin = `http://127.0.0.1:${running.port}`;
    const headers = { Authorization: `Bearer ${await issuer.token()}` };
    const made = await fetch(`${origin}/v1/credential-urls`, { method: 'POST', headers });
    const { Url } = toObject(await made.json());
    const use = () => fetch(`${origin}${new URL(String(Url)).pathname}`);
    const before = await use();
    writeFileSync(file, text.replace('TICKET_KEY_K1', 'TICKET_KEY_GONE'));
    running.child.kill('SIGHUP');
    const problem =
      'surfaces.credentialUrls.keys: the environment variable TICKET_KEY_GONE is not set; make a key with: openssl rand -base64 32';
    await vi.waitFor(() => expect(running.errorOutput()).toContain(problem), { timeout: 5000 });
    const after = await use();
    await running.close();
    await cloud.close();
    rmSync(folder, { recursive: true });

    expect([made.status, before.status, after.status]).toEqual([200, 200, 200]);
    expect(running.errorOutput()).toContain('stays in use');
    for (const key of Object.values(TICKET_ENVIRONMENT)) {
      expect(running.errorOutput()).not.toContain(key);
    }
  });

  it('does not start without its keys', async () => {
    await expect(
      startBundle({
        ...bundle,
        text: `${PLAIN_CONFIG}${TICKETS}`,
        simulator: broker.simulator,
        write: async () => {},
        environment: { TICKET_KEY_K1: 'c2hvcnQ=' },
      }),
    ).rejects.toThrow('the environment variable TICKET_KEY_K1 has less than 256 bits');
  });
});

describe('the built broker, started as a plain process', () => {
  const run = async (environment: Readonly<Record<string, string>>, node = process.execPath) => {
    const child = spawn(node, [bundle.main], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errorOutput = '';
    child.stderr.on('data', (chunk) => {
      errorOutput += chunk;
    });
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { code, errorOutput };
  };

  it('does not start with an invalid config, and reports all problems at once', async () => {
    const { code, errorOutput } = await run({
      BROKER_CONFIG_YAML: 'region: X\nbuckets: {}\nissuers: []\n',
      PORT: '0',
    });

    expect(code).toBe(1);
    expect(errorOutput).toContain('BROKER_CONFIG_YAML:1:9 region: must be a region id');
    expect(errorOutput).toContain('grants: is missing');
    expect(errorOutput).not.toContain('    at ');
  });

  it('tells of what is in a config on one line each, and nothing that a terminal obeys', async () => {
    const { code, errorOutput } = await run({
      BROKER_CONFIG_YAML:
        '"x\\nconfig 0123456789ab is in use": 1\n"\\e[2J\\u009b31m\\u202e": 1\nregion: 1\n',
      PORT: '0',
    });
    const lines = errorOutput.trim().split('\n');

    expect(code).toBe(1);
    expect(lines.filter((line) => !line.startsWith('BROKER_CONFIG_YAML:'))).toEqual([]);
    expect(errorOutput).toContain('unknown key "x config 0123456789ab is in use"');
    expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('tells of what an issuer says without anything that a terminal obeys', async () => {
    const { issuer, simulator } = broker;
    issuer.discover({ issuer: 'https://a.example/\u009b2J\u202e' });
    const running = await startBundle({
      ...bundle,
      text: SIMPLE_CONFIG.replace('{{issuer}}', issuer.url)
        .replace('{{sts}}', simulator.sts.url)
        .replace('{{oss}}', simulator.oss.url),
      simulator,
      write: async () => {},
      environment: {},
    });
    const headers = { Authorization: `Bearer ${await issuer.token()}` };
    const { status } = await fetch(`http://127.0.0.1:${running.port}/v1/credentials`, {
      method: 'POST',
      headers,
    });
    await running.close();
    issuer.discover({});

    expect(status).toBe(503);
    expect(running.errorOutput()).toContain('names another issuer ("https://a.example/');
    expect(running.errorOutput().split('\n').join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('says what to do if the config is missing, has no region, or was edited after compilation', async () => {
    expect((await run({ BROKER_CONFIG: '/nowhere/broker.yaml' })).errorOutput).toContain(
      'set BROKER_CONFIG to the path',
    );
    expect((await run({ BROKER_CONFIG: 'oss://bucket/broker.yaml' })).errorOutput).toContain(
      'needs BROKER_CONFIG_REGION',
    );
    expect((await run({ BROKER_CONFIG: `${process.cwd()}/package.json` })).errorOutput).toContain(
      'is not what compile wrote',
    );
  });

  it('says in one sentence that the port is in use, or is no port', async () => {
    const other = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => other.listen(port, '0.0.0.0', resolve));
    const config = { BROKER_CONFIG_YAML: PLAIN_CONFIG };
    const inUse = await run({ ...config, PORT: String(port) });
    await new Promise((resolve) => other.close(resolve));

    expect(inUse).toEqual({
      code: 1,
      errorOutput: `port ${port} is in use by another program; stop that program, or set PORT to another port\n`,
    });
    expect(await run({ ...config, PORT: 'http' })).toEqual({
      code: 1,
      errorOutput: 'PORT must be a number from 0 to 65535, not "http"\n',
    });
  });

  it('loads keys and source credentials right after the start, and reports what is missing', async () => {
    const other = await startTestBroker({ config: SIMPLE_CONFIG });
    const running = await startBundle({
      ...bundle,
      text: SIMPLE_CONFIG.replace('{{issuer}}', other.issuer.url)
        .replace('{{sts}}', other.simulator.sts.url)
        .replace('{{oss}}', other.simulator.oss.url),
      simulator: other.simulator,
      write: async () => {},
      environment: {
        FC_FUNCTION_NAME: undefined,
        ALIBABA_CLOUD_ACCESS_KEY_ID: undefined,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: undefined,
      },
    });

    await vi.waitFor(() => {
      expect(running.errorOutput()).toContain('issuer app: 1 key loaded\n');
      expect(running.errorOutput()).toContain('source credentials are unavailable: ');
    });
    await running.close();
    await other.close();
  });

  it.each([
    ['this Node', () => process.execPath],
    ['the shipped Node', () => bundle.node],
  ])('starts under %s, whether or not the code cache fits it', async (_what, node) => {
    const running = await startBundle({
      node: node(),
      main: bundle.main,
      text: PLAIN_CONFIG,
      simulator: broker.simulator,
      write: async () => {},
    });
    await running.close();

    expect(running.port).toBeGreaterThan(0);
  });
});

describe('the folder of the build', () => {
  it('holds no code of the simulator or the tests, and the licences of the packages', () => {
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
      'prom-client',
      '@alicloud/sts20150401',
      '@alicloud/credentials',
    ]) {
      expect(new RegExp(`^${name} \\d`, 'm').test(licences), name).toBe(true);
    }
  });
});
