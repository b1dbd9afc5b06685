/** The jobs of CI, with the command line that they start and the aws CLI. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { toList } from '../docs/configs.ts';
import { type Cli, createCli, startAnswering } from '../support/cli.ts';
import { memberAt, toObject } from '../support/declared.ts';
import { EXAMPLES } from './support/install.ts';
import { run } from './support/run.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

const python = inject('s3');
const packages = python?.environment['PYTHONPATH'] ?? '';

let world: ClientWorld;
let cli: Cli;

beforeAll(async () => {
  world = await startClientWorld();
  cli = await createCli();
});

afterAll(async () => {
  await cli.close();
  await world.close();
});

const read = (name: string) => toObject(parse(readFileSync(join(EXAMPLES, name), 'utf8')));

/** Runs the steps of a job in a checkout with something built; those that install and build are left out. */
async function runJob(
  steps: readonly string[],
  variables: Readonly<Record<string, unknown>>,
  identity: Readonly<Record<string, string>>,
) {
  const folder = mkdtempSync(join(tmpdir(), 'job-'));
  mkdirSync(join(folder, 'dist', 'bin'), { recursive: true });
  writeFileSync(join(folder, 'dist', 'tool.txt'), 'tool');
  writeFileSync(join(folder, 'dist', 'bin', 'run.sh'), 'run');
  // npx has nothing to install: it is the program of this checkout
  const npx = join(folder, 'npx');
  // from no other registry than the one that the page tells to replace
  const program = `#!/bin/sh\ntest "$2" = --registry=https://npm.example.com || exit 3\nshift 3\nexec "${process.execPath}" "${cli.path}" "$@"\n`;
  writeFileSync(npx, program);
  chmodSync(npx, 0o755);
  const proxy = world.broker.simulator.oss.url;
  const script = steps.filter((step) => !/^(?:npm ci|apt-get) /.test(step)).join('\n');
  const ended = await run({
    path: 'bash',
    args: ['--norc', '-euo', 'pipefail', '-c', script],
    cwd: folder,
    environment: {
      ...python?.environment,
      ...Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, String(value)])),
      ...identity,
      HOME: folder,
      PATH: `${folder}:${join(packages, 'bin')}:${process.env['PATH']}`,
      OSS_TOKEN_BROKER_URL: world.broker.url,
      // the simulator is the proxy for OSS, and stands for it
      AWS_ENDPOINT_URL_S3: String(variables['AWS_ENDPOINT_URL_S3']).replace('https:', 'http:'),
      ...{ HTTP_PROXY: proxy, http_proxy: proxy, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
    },
  }).end();
  rmSync(folder, { recursive: true });
  return ended;
}

const keysOf = (user: string) =>
  world.broker.simulator.oss.calls
    .filter(({ key }) => key.startsWith(`releases/${user}/`))
    .map(({ key, status }) => `${status} ${key}`)
    .sort();

const uploaded = (user: string) => [
  `200 releases/${user}/bin/run.sh`,
  `200 releases/${user}/tool.txt`,
];

describe.skipIf(python === null)('a job of GitHub Actions', () => {
  it('uploads what it built with the identity of the job, and nothing without it', async () => {
    const workflow = read('github-actions/upload.yml');
    const job = toObject(memberAt(workflow, ['jobs', 'upload']));
    const steps = toList(job['steps']).map((step) => String(toObject(step)['run'] ?? ''));
    const value = await world.broker.issuer.token({ sub: 'github' });
    const platform = await startAnswering(({ headers }) =>
      headers.authorization === 'Bearer request-token'
        ? { status: 200, body: { value } }
        : { status: 403 },
    );
    const identity = (token: string) => ({
      ACTIONS_ID_TOKEN_REQUEST_URL: `${platform.url}/token?version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
    });
    const done = await runJob(steps, toObject(job['env']), identity('request-token'));
    const first = keysOf('github');
    const refused = await runJob(steps, toObject(job['env']), identity('another'));
    await platform.close();

    expect(workflow['permissions']).toMatchObject({ 'id-token': 'write' });
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(first).toEqual(uploaded('github'));
    expect(refused.code).not.toBe(0);
    expect(keysOf('github')).toEqual(first);
  });
});

describe.skipIf(python === null)('a job of GitLab', () => {
  it('uploads what it built with its ID token, and nothing with another', async () => {
    const job = toObject(read('gitlab-ci/.gitlab-ci.yml')['upload']);
    const steps = [...toList(job['before_script']), ...toList(job['script'])].map(String);
    const [name = ''] = Object.keys(toObject(job['id_tokens']));
    const token = await world.broker.issuer.token({ sub: 'gitlab' });
    const done = await runJob(steps, toObject(job['variables']), { [name]: token });
    const first = keysOf('gitlab');
    const refused = await runJob(steps, toObject(job['variables']), { [name]: `${token}x` });

    expect(memberAt(job, ['id_tokens', name, 'aud'])).toBe('oss-token-broker');
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(first).toEqual(uploaded('gitlab'));
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('subject_token_invalid');
    expect(keysOf('gitlab')).toEqual(first);
  });
});
