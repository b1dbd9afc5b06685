/** The AWS SDK, unchanged, with a credential from the command line: as a process, a file, an address. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { type Cli, createCli } from '../support/cli.ts';
import { toObject } from '../support/declared.ts';

const SDK = createRequire(import.meta.url).resolve('@aws-sdk/client-s3');

/** Finds a credential as the SDK does by default, and prints it. */
const PROGRAM = `
  const { S3Client } = require(${JSON.stringify(SDK)});
  new S3Client({ region: 'cn-hangzhou' }).config.credentials()
    .then(({ accessKeyId, secretAccessKey, sessionToken, expiration }) =>
      console.log(JSON.stringify({ accessKeyId, secretAccessKey, sessionToken, expiration })));`;

let cli: Cli;
let broker: TestBroker;
let program = '';
let expected: object;

beforeAll(async () => {
  cli = await createCli();
  broker = await startTestBroker();
  cli.file('token.jwt', await broker.issuer.token());
  program = cli.file('program.cjs', PROGRAM);
  const { body } = await broker.ask();
  expected = {
    accessKeyId: body['AccessKeyId'],
    secretAccessKey: body['AccessKeySecret'],
    sessionToken: body['SecurityToken'],
  };
});

afterAll(async () => {
  await broker.close();
  await cli.close();
});

/** Runs the SDK behind `exec`, or alone with a given environment. */
async function findCredential(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
) {
  const { code, stdout, stderr } = await cli.run(
    ['exec', ...args, '--token-file', 'token.jwt', '--', process.execPath, program],
    // the SDK warns of the version of Node
    { environment: { OSS_TOKEN_BROKER_URL: broker.url, NODE_NO_WARNINGS: '1', ...environment } },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return toObject(JSON.parse(stdout));
}

/** Another identity in the files that the SDK looks into first. */
function homeOfAnother(): string {
  const home = join(cli.folder, 'another');
  mkdirSync(join(home, '.aws'), { recursive: true });
  const other = 'aws_access_key_id = other\naws_secret_access_key = other\n';
  writeFileSync(join(home, '.aws/credentials'), `[default]\n${other}`);
  writeFileSync(join(home, '.aws/config'), `[default]\n${other}`);
  return home;
}

describe('the AWS SDK', () => {
  it('takes the keys that exec gives, whatever profile is chosen outside', async () => {
    const environment = { HOME: homeOfAnother(), AWS_PROFILE: 'default' };

    expect(await findCredential([], environment)).toEqual(expected);
  });

  it('finds the agent of exec --renew, past files with another identity', async () => {
    const environment = { HOME: homeOfAnother(), AWS_ACCESS_KEY_ID: 'other' };
    const found = await findCredential(['--renew'], environment);

    expect(found).toMatchObject(expected);
    expect(Date.parse(String(found['expiration']))).toBeGreaterThan(Date.now());
  });
});

describe('the AWS SDK by itself', () => {
  /** Runs it without `exec`, with the files of this home. */
  async function alone(files: Readonly<Record<string, string>>) {
    const home = join(cli.folder, 'home');
    mkdirSync(join(home, '.aws'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(home, '.aws', name), text);
    const child = spawn(process.execPath, [program], {
      env: {
        HOME: home,
        PATH: process.env['PATH'],
        AWS_PROFILE: 'oss',
        NODE_NO_WARNINGS: '1',
        OSS_TOKEN_BROKER_URL: broker.url,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    await new Promise((resolve) => child.once('close', resolve));
    return toObject(JSON.parse(stdout));
  }

  it('runs the program as credential_process', async () => {
    const token = join(cli.folder, 'token.jwt');
    const command = `${process.execPath} ${cli.path} get --token-file ${token} --format aws`;
    const found = await alone({ config: `[profile oss]\ncredential_process = ${command}\n` });

    expect(found).toMatchObject(expected);
    expect(Date.parse(String(found['expiration']))).toBeGreaterThan(Date.now());
  });

  it('reads the file that the program writes', async () => {
    const args = ['get', '--token-file', 'token.jwt', '--format', 'aws-file', '--profile', 'oss'];
    await cli.run([...args, '--output', 'credentials'], {
      environment: { OSS_TOKEN_BROKER_URL: broker.url },
    });
    const credentials = readFileSync(join(cli.folder, 'credentials'), 'utf8');

    expect(await alone({ config: '', credentials })).toEqual(expected);
  });
});
