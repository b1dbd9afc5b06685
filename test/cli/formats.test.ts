/** Every format of `get`, read by what it is for. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCredentialJson } from '../../src/source-credentials/credential-json.ts';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { type Cli, createCli, credentialAnswer, startAnswering } from '../support/cli.ts';
import { toObject } from '../support/declared.ts';
import { createOssClient } from '../support/oss-client.ts';

let cli: Cli;
let broker: TestBroker;
let token: string;

beforeAll(async () => {
  cli = await createCli();
  broker = await startTestBroker();
  token = cli.file('token.jwt', `${await broker.issuer.token()}\n`);
});

afterAll(async () => {
  await broker.close();
  await cli.close();
});

async function get(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(['get', '--token-file', token, ...args], {
    environment: { OSS_TOKEN_BROKER_URL: broker.url },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** The broker answers equal requests with the same credential, so formats can be compared. */
async function issued() {
  return toObject(JSON.parse(await get()));
}

describe('json', () => {
  it('is the whole answer of the broker', async () => {
    const { body } = await broker.ask();
    const shown = await issued();

    expect({ ...shown, RequestId: '' }).toEqual({
      ...body,
      RequestId: '',
      RefreshAfter: expect.any(String),
    });
  });

  it('is narrowed as the options say', async () => {
    const text = await get(
      ...['--grant', 'user-files', '--target', 'oss://app-media/users/user-1/in/'],
      ...['--permissions', 'read,list', '--duration', '15m'],
    );

    expect(JSON.parse(text)).toMatchObject({
      Grant: {
        Targets: [{ Target: 'oss://app-media/users/user-1/in/', Permissions: ['read', 'list'] }],
      },
    });
    expect(broker.auditLines().at(-1)).toMatchObject({ durationSeconds: 900 });
  });
});

const NAMES = [
  ...['OSS_ACCESS_KEY_ID', 'OSS_ACCESS_KEY_SECRET', 'OSS_SESSION_TOKEN'],
  ...['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
  ...['ALIBABA_CLOUD_SECURITY_TOKEN'],
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
  ...['OSS_REGION', 'OSS_ENDPOINT', 'OSS_TARGET'],
];

describe('sh', () => {
  it('sets the credential under the names of three families, and where the bucket is', async () => {
    const { AccessKeyId, AccessKeySecret, SecurityToken } = await issued();
    const script = `eval "$1"; node -p 'JSON.stringify(process.env)'`;
    const text = await get('--format', 'sh');
    const seen: unknown = JSON.parse(
      execFileSync('sh', ['-c', script, 'sh', text], { encoding: 'utf8' }),
    );

    const keys = [AccessKeyId, AccessKeySecret, SecurityToken];
    expect(NAMES.map((name) => toObject(seen)[name])).toEqual([
      ...[...keys, ...keys, ...keys],
      ...['cn-hangzhou', broker.simulator.oss.url, 'oss://app-media/users/user-1/'],
    ]);
  });

  it('removes what an earlier credential has left and this one has no value for', async () => {
    const target = { Permissions: ['read'], Region: 'cn-hangzhou', Endpoint: 'https://a.example' };
    const Targets = ['oss://a/', 'oss://b/'].map((Target) => ({ ...target, Target }));
    const answering = await startAnswering(() => ({
      status: 200,
      body: credentialAnswer({ Grant: { Name: 'a', Targets } }),
    }));
    const text = await get('--format', 'sh', '--broker', answering.url);
    await answering.close();
    const script = 'OSS_TARGET=old; eval "$1"; echo "${OSS_TARGET-unset} $OSS_REGION"';

    expect(execFileSync('sh', ['-c', script, 'sh', text], { encoding: 'utf8' })).toBe(
      'unset cn-hangzhou\n',
    );
  });
});

/** Values that end a quoted text, or begin something inside of one, in one shell or another. */
const HOSTILE = [
  "a'b",
  "'; touch pwned; '",
  'a"b$(touch pwned)`touch pwned`$HOME',
  "\\'; touch pwned; \\'",
  'ends in a backslash\\',
  '%PATH% !x! ^ & | < > ; # * ? [ ] { } ~',
  '\u2019; touch pwned; \u2018',
  '\u201a\u201b',
  '用\u{1f600} \u00e9',
];

describe('the commands for a shell', () => {
  async function commandsFor(format: string, value: string): Promise<string> {
    const Target = { Target: value, Permissions: ['read'], Region: 'r', Endpoint: 'e' };
    const answering = await startAnswering(() => ({
      status: 200,
      body: credentialAnswer({ Grant: { Name: 'a', Targets: [Target] } }),
    }));
    const text = await get('--format', format, '--broker', answering.url);
    await answering.close();
    return text;
  }
  const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);

  it.each(HOSTILE)('sh gives %s back unchanged', async (value) => {
    const text = await commandsFor('sh', value);
    const script = 'eval "$1"; printf %s "$OSS_TARGET"';
    const { stdout } = spawnSync('sh', ['-c', script, 'sh', text], { encoding: 'utf8' });

    expect(stdout).toBe(value);
  });

  // read back by fish 3.6.0
  it.each([
    ["a'b", "'a\\'b'"],
    ["\\'; touch pwned; \\'", "'\\\\\\'; touch pwned; \\\\\\''"],
    ['ends in a backslash\\', "'ends in a backslash\\\\'"],
    ['a"b$(touch pwned)', `'a"b$(touch pwned)'`],
  ])('fish: %s', async (value, quoted) => {
    expect(lastLine(await commandsFor('fish', value))).toBe(`set -gx OSS_TARGET ${quoted}`);
  });

  // by the rules of about_Quoting_Rules, where a typographic quote is a quote
  it.each([
    ["a'b", "'a''b'"],
    ['\u2019; touch pwned; \u2018', "'\u2019\u2019; touch pwned; \u2018\u2018'"],
    ['\u201a\u201b', "'\u201a\u201a\u201b\u201b'"],
    ['$(touch pwned)`n', "'$(touch pwned)`n'"],
  ])('PowerShell: %s', async (value, quoted) => {
    expect(lastLine(await commandsFor('powershell', value))).toBe(`$env:OSS_TARGET = ${quoted}`);
  });
});

describe('ossutil', () => {
  it('has the members that a process gives to the OSS SDKs, and no other', async () => {
    const text = await get('--format', 'ossutil');
    const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = await issued();

    expect(JSON.parse(text)).toEqual({ AccessKeyId, AccessKeySecret, SecurityToken, Expiration });
    expect(parseCredentialJson(text)).toMatchObject({ accessKeyId: AccessKeyId });
  });
});

describe('aliyun', () => {
  it('is read by @alicloud/credentials in mode External', async () => {
    const home = join(cli.folder, 'home');
    mkdirSync(join(home, '.aliyun'), { recursive: true });
    const command = [process.execPath, cli.path, 'get', '--format', 'aliyun'];
    const parts = [...command, '--broker', broker.url, '--token-file', token];
    const profile = { name: 'default', mode: 'External', process_command: parts.join(' ') };
    const config = { current: 'default', profiles: [profile] };
    writeFileSync(join(home, '.aliyun/config.json'), JSON.stringify(config));
    const library = createRequire(import.meta.url).resolve('@alicloud/credentials');
    const program = `
      const { default: Credential } = require(${JSON.stringify(library)});
      new Credential(null).getCredential().then((got) => console.log(JSON.stringify(got)));`;
    // the broker runs in this process, so nothing here may wait without letting it answer
    const { stdout: output } = await promisify(execFile)(process.execPath, ['-e', program], {
      env: { PATH: process.env['PATH'], HOME: home },
    });
    const { AccessKeyId, AccessKeySecret, SecurityToken } = await issued();

    expect(JSON.parse(output)).toMatchObject({
      accessKeyId: AccessKeyId,
      accessKeySecret: AccessKeySecret,
      securityToken: SecurityToken,
    });
  });
});

describe('aws', () => {
  it('is what a credential_process prints', async () => {
    const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = await issued();

    expect(JSON.parse(await get('--format', 'aws'))).toEqual({
      Version: 1,
      AccessKeyId,
      SecretAccessKey: AccessKeySecret,
      SessionToken: SecurityToken,
      Expiration,
    });
  });
});

describe('a credential', () => {
  it('is good for OSS', async () => {
    const { AccessKeyId, AccessKeySecret, SecurityToken } = await issued();
    const client = createOssClient(broker.simulator.oss.url, {
      AccessKeyId: String(AccessKeyId),
      AccessKeySecret: String(AccessKeySecret),
      SecurityToken: String(SecurityToken),
    });

    expect((await client.put('users/user-1/a', Buffer.from('x'))).res.status).toBe(200);
  });
});
