/** `exec`: a program with a credential, whose streams, signals and end are those of the program. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { type Cli, createCli } from '../support/cli.ts';
import { toObject } from '../support/declared.ts';

let cli: Cli;
let broker: TestBroker;

beforeAll(async () => {
  cli = await createCli();
  broker = await startTestBroker();
  cli.file('token.jwt', await broker.issuer.token());
});

afterAll(async () => {
  await broker.close();
  await cli.close();
});

const TOKEN = ['--token-file', 'token.jwt'];
const PRINT_ENVIRONMENT = `console.log(JSON.stringify(process.env))`;

function start(
  args: readonly string[],
  program: readonly string[],
  options: { environment?: Readonly<Record<string, string>>; stdin?: string } = {},
) {
  return cli.start(['exec', ...args, '--', ...program], {
    ...options,
    environment: { OSS_TOKEN_BROKER_URL: broker.url, ...options.environment },
  });
}

async function environmentOf(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
) {
  const program = [process.execPath, '-e', PRINT_ENVIRONMENT];
  const { code, stdout, stderr } = await start(args, program, { environment }).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return toObject(JSON.parse(stdout));
}

describe('the environment of the program', () => {
  it('has the credential under the names of three families, and where the bucket is', async () => {
    const { body } = await broker.ask();
    const seen = await environmentOf(TOKEN, { KEPT: 'yes' });
    const { AccessKeyId, AccessKeySecret, SecurityToken } = body;

    expect(seen).toMatchObject({
      KEPT: 'yes',
      OSS_ACCESS_KEY_ID: AccessKeyId,
      OSS_ACCESS_KEY_SECRET: AccessKeySecret,
      OSS_SESSION_TOKEN: SecurityToken,
      ALIBABA_CLOUD_ACCESS_KEY_ID: AccessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: AccessKeySecret,
      ALIBABA_CLOUD_SECURITY_TOKEN: SecurityToken,
      AWS_ACCESS_KEY_ID: AccessKeyId,
      AWS_SECRET_ACCESS_KEY: AccessKeySecret,
      AWS_SESSION_TOKEN: SecurityToken,
      OSS_REGION: 'cn-hangzhou',
      OSS_ENDPOINT: broker.simulator.oss.url,
      OSS_TARGET: 'oss://app-media/users/user-1/',
    });
  });

  it('has no subject token, wherever the token came from', async () => {
    const token = await broker.issuer.token();
    const named = await environmentOf(['--token-env', 'MY_TOKEN'], { MY_TOKEN: token });
    const usual = await environmentOf([], { OSS_TOKEN_BROKER_TOKEN: token });

    expect(JSON.stringify([named, usual])).not.toContain(token.slice(0, 30));
  });

  it('has nothing that a client could prefer to the credential', async () => {
    const rivals = {
      ALIBABA_CLOUD_CREDENTIALS_URI: 'http://127.0.0.1:1',
      ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1:role/x',
      AWS_PROFILE: 'admin',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
      AWS_ROLE_ARN: 'arn:aws:iam::1:role/x',
    };
    const seen = Object.keys(await environmentOf(TOKEN, rivals));

    expect(Object.keys(rivals).filter((name) => seen.includes(name))).toEqual([]);
  });
});

describe('a program', () => {
  it('has the streams of exec, and its arguments as they are', async () => {
    const script = 'cat; echo "$1" >&2; echo "$2"';
    const { code, stdout, stderr } = await start(
      TOKEN,
      ['sh', '-c', script, 'sh', 'a  b', '--help'],
      { stdin: 'in\n' },
    ).ended;

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'in\n--help\n', stderr: 'a  b\n' });
  });

  it.each([0, 1, 4, 125, 255])('that ends with code %i gives this code', async (expected) => {
    const { code, stderr } = await start(TOKEN, ['sh', '-c', `exit ${expected}`]).ended;

    expect({ code, stderr }).toEqual({ code: expected, stderr: '' });
  });

  it.each(['SIGTERM', 'SIGKILL', 'SIGINT'] as const)(
    'that %s ends ends exec by it',
    async (name) => {
      const number = constants.signals[name];
      const { code, signal } = await start(TOKEN, ['sh', '-c', `kill -${number} $$`]).ended;

      expect({ code, signal }).toEqual({ code: null, signal: name });
    },
  );

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const)(
    'gets the %s that exec gets',
    async (name) => {
      const program = `process.on('${name}', () => { console.log('got it'); process.exit(7); });
        setTimeout(() => {}, 20_000); console.log('ready');`;
      const running = start(TOKEN, [process.execPath, '-e', program]);
      await running.says('ready');
      running.child.kill(name);
      const { code, stdout } = await running.ended;

      expect({ code, stdout }).toEqual({ code: 7, stdout: 'ready\ngot it\n' });
    },
  );

  it('that is not there gives 127, and one that cannot run 126', async () => {
    const missing = await start(TOKEN, ['./nowhere']).ended;
    const notRunnable = await start(TOKEN, ['./token.jwt']).ended;

    expect(missing).toMatchObject({ code: 127, stdout: '' });
    expect(missing.stderr).toContain('The program is not found.');
    expect(notRunnable).toMatchObject({ code: 126, stdout: '' });
    expect(notRunnable.stderr).toContain('The program cannot be run (EACCES).');
  });

  it('does not run without a credential', async () => {
    const { code, stdout, stderr } = await start([...TOKEN, '--grant', 'none'], ['echo', 'ran'])
      .ended;

    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toContain('refused: no_grant: ');
  });
});

describe('exec --renew', () => {
  it('leads @alicloud/credentials to the agent, past other identities of the machine', async () => {
    const home = join(cli.folder, 'home');
    mkdirSync(join(home, '.aliyun'), { recursive: true });
    mkdirSync(join(home, '.alibabacloud'), { recursive: true });
    const other = { access_key_id: 'other', access_key_secret: 'other' };
    const profiles = [{ name: 'default', mode: 'AK', ...other }];
    writeFileSync(
      join(home, '.aliyun/config.json'),
      JSON.stringify({ current: 'default', profiles }),
    );
    writeFileSync(
      join(home, '.alibabacloud/credentials'),
      '[default]\ntype=access_key\naccess_key_id=other\naccess_key_secret=other\n',
    );
    const library = createRequire(import.meta.url).resolve('@alicloud/credentials');
    const program = `
      const { default: Credential } = require(${JSON.stringify(library)});
      new Credential(null).getCredential().then((got) => console.log(JSON.stringify(got)));`;
    const { code, stdout } = await start(['--renew', ...TOKEN], [process.execPath, '-e', program], {
      environment: {
        HOME: home,
        ALIBABA_CLOUD_ACCESS_KEY_ID: 'other',
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'other',
      },
    }).ended;
    const { body } = await broker.ask();

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      accessKeyId: body['AccessKeyId'],
      accessKeySecret: body['AccessKeySecret'],
      securityToken: body['SecurityToken'],
    });
  });

  it('gives addresses instead of keys, and the place of the bucket', async () => {
    const seen = await environmentOf(['--renew', ...TOKEN], { AWS_ACCESS_KEY_ID: 'other' });
    const names = Object.keys(seen);

    expect(names.filter((name) => /ACCESS_KEY|SECURITY_TOKEN|SESSION_TOKEN/.test(name))).toEqual(
      [],
    );
    expect(seen).toMatchObject({
      ALIBABA_CLOUD_CREDENTIALS_URI: expect.stringMatching(
        /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/credentials$/,
      ),
      AWS_CONTAINER_CREDENTIALS_FULL_URI: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/aws$/),
      OSS_TARGET: 'oss://app-media/users/user-1/',
    });
  });

  it('ends with the program, and its agent does too', async () => {
    const script = 'echo $ALIBABA_CLOUD_CREDENTIALS_URI; exit 3';
    const { code, stdout } = await start(['--renew', ...TOKEN], ['sh', '-c', script]).ended;

    expect(code).toBe(3);
    await expect(fetch(stdout.trim())).rejects.toThrow('fetch failed');
  });
});
