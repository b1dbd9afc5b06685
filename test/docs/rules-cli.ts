/** The command line on its page: every block runs with the built program, for a partner, an app in a pod or a CI job. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { freePort } from '../support/bundle.ts';
import { type Cli, createCli, startAnswering } from '../support/cli.ts';
import { memberAt, toObject } from '../support/declared.ts';
import { createOssClient } from '../support/oss-client.ts';
import { toList } from './configs.ts';
import type { Block } from './pages.ts';
import type { Rule } from './rules.ts';
import { runShell, type ShellRun, syntaxProblem } from './shell.ts';
import type { World } from './world.ts';

const BROKER_URL = 'https://broker.example.com';

/** A rule for blocks of the page. Its check gets the program, built for it alone. */
const cliRule = (
  name: string,
  language: string,
  mark: RegExp,
  check: (block: Block, world: World, cli: Cli) => Promise<void>,
): Rule => ({
  name,
  covers: (block) =>
    block.page === 'docs/cli.md' && block.language === language && mark.test(block.text),
  async check(block, world) {
    const cli = await createCli();
    try {
      await check(block, world, cli);
    } finally {
      await cli.close();
    }
  },
});

/** Runs shell where the program is in `PATH` and `token.jwt` is there, against the broker of the test. */
async function runWith(
  text: string,
  { broker, token }: World,
  cli: Cli,
  more: {
    readonly caller?: 'acme' | 'ci';
    readonly environment?: Readonly<Record<string, string>>;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Promise<ShellRun> {
  expect(syntaxProblem(text)).toBe('');
  return runShell(text.replaceAll(BROKER_URL, broker.url), {
    real: ['node'],
    programs: { 'oss-token-broker': cli.path },
    files: { 'token.jwt': await token(more.caller ?? 'acme'), ...more.files },
    environment: { OSS_TOKEN_BROKER_URL: broker.url, ...more.environment },
  });
}

/** ossutil was called once, with these arguments and with a credential for this place and region. */
async function expectOssutil(run: ShellRun, { broker }: World, target: string): Promise<void> {
  const [call, another] = run.calls;
  const [, bucket = '', prefix = ''] = /^oss:\/\/([^/]+)\/(.*)$/.exec(target) ?? [];
  const { environment = {} } = call ?? {};

  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(another).toBeUndefined();
  expect([call?.name, ...(call?.args ?? [])]).toEqual(['ossutil', 'cp', 'report.csv', target]);
  expect(environment).toMatchObject({
    OSS_REGION: 'cn-hangzhou',
    OSS_ENDPOINT: broker.simulator.oss.url,
  });
  const client = createOssClient(
    broker.simulator.oss.url,
    {
      AccessKeyId: environment['OSS_ACCESS_KEY_ID'] ?? '',
      AccessKeySecret: environment['OSS_ACCESS_KEY_SECRET'] ?? '',
      SecurityToken: environment['OSS_SESSION_TOKEN'] ?? '',
    },
    { bucket },
  );
  expect((await client.put(`${prefix}report.csv`, Buffer.from('1'))).res.status).toBe(200);
}

const PARTNER = 'oss://app-media/partners/acme/';
const RELEASES = 'oss://releases/987/';

const upload = cliRule(
  'an upload with the command line',
  'sh',
  /ossutil cp report\.csv/,
  async ({ text }, world, cli) => {
    await expectOssutil(await runWith(text, world, cli), world, PARTNER);
    const refused = await runWith(text.replaceAll('acme-reports', 'user-files'), world, cli);

    expect(refused.code).not.toBe(0);
    expect(refused.calls).toEqual([]);
    expect(refused.stderr).toContain('refused: no_grant: ');
  },
);

const file = cliRule(
  'a credential in a file',
  'sh',
  /--output oss\.conf/,
  async ({ text }, world, cli) => {
    const { code, calls, stdout } = await runWith(`${text}cat oss.conf\n`, world, cli);

    expect(code).toBe(0);
    expect(calls.map(({ args }) => args)).toEqual([['--config-file', 'oss.conf', 'ls', PARTNER]]);
    expect(stdout).toContain(`endpoint = ${world.broker.simulator.oss.url}\n`);
  },
);

const longRun = cliRule(
  'a long-running program that finds the credential by an address',
  'sh',
  /exec --renew/,
  async ({ text }, world, cli) => {
    const program =
      'console.log(await (await fetch(process.env.ALIBABA_CLOUD_CREDENTIALS_URI)).text());';
    const run = await runWith(text, world, cli, { files: { 'sync.mjs': program } });

    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({ Code: 'Success' });
  },
);

const agent = cliRule(
  'an agent that a program finds',
  'sh',
  /token-broker agent /,
  async ({ text }, world, cli) => {
    const looked = text.replace('aliyun ', 'curl -sS "$ALIBABA_CLOUD_CREDENTIALS_URI"; aliyun ');
    const { code, stdout, calls } = await runWith(`${looked}wait $!; ls`, world, cli);
    const [answer = '', ...names] = stdout.split(/(?<=\})/);

    expect(code).toBe(0);
    expect(JSON.parse(answer)).toMatchObject({ Code: 'Success' });
    expect(calls.length).toBe(text.includes('aliyun ') ? 1 : 0);
    // the agent has removed what it wrote
    expect(names.join('')).toContain('token.jwt');
    expect(names.join('')).not.toContain('agent.');
  },
);

const credentialUrl = cliRule(
  'a credential URL for a program',
  'sh',
  /token-broker url/,
  async ({ text }, world, cli) => {
    const { code, stderr, calls } = await runWith(text, world, cli);
    const url = calls[0]?.environment['ALIBABA_CLOUD_CREDENTIALS_URI'] ?? '';
    const answer = await (await fetch(url.replace(BROKER_URL, world.broker.url))).json();

    expect({ code, names: calls.map(({ name }) => name) }).toEqual({ code: 0, names: ['aliyun'] });
    expect(stderr).toMatch(/It works until \S+Z\. The audit log calls it \S+\.\n$/);
    expect(answer).toMatchObject({ Code: 'Success', Grant: { Name: 'acme-reports' } });
    expect(world.broker.auditLines().at(-1)).toMatchObject({
      surface: 'credential_urls',
      ticketId: stderr.match(/calls it (\S+)\./)?.[1],
    });
  },
);

const completion = cliRule(
  'completion that bash takes',
  'sh',
  /token-broker completion/,
  async ({ text }, world, cli) => {
    const run = await runWith(`${text}complete -p oss-token-broker`, world, cli);

    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('-F _oss_token_broker');
  },
);

const LIBRARY = createRequire(import.meta.url).resolve('@alicloud/credentials');

const aliyunProfile = cliRule(
  'a profile with which an Alibaba Cloud SDK runs the program',
  'json',
  /"External"/,
  async ({ text }, { broker, token }, cli) => {
    mkdirSync(join(cli.folder, '.aliyun'));
    const program = `${process.execPath} ${cli.path} `;
    const tokenFile = cli.file('token.jwt', await token('acme'));
    const profile = text
      .replace('oss-token-broker ', program)
      .replace('/home/me/token.jwt', tokenFile);
    writeFileSync(join(cli.folder, '.aliyun/config.json'), profile);
    const script = `const { default: Credential } = require(${JSON.stringify(LIBRARY)});
      new Credential(null).getCredential().then((got) => console.log(JSON.stringify(got)));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
      env: { HOME: cli.folder, OSS_TOKEN_BROKER_URL: broker.url },
    });

    expect(JSON.parse(stdout)).toMatchObject({ accessKeyId: expect.stringMatching(/^STS\./) });
  },
);

const awsProfile = cliRule(
  'a profile whose command prints what AWS SDKs read',
  'ini',
  /credential_process/,
  async ({ text }, world, cli) => {
    const [, command = ''] = /^credential_process = (.*)$/m.exec(text) ?? [];
    const { stdout } = await runWith(command.replace('/home/me/', './'), world, cli);

    expect(JSON.parse(stdout)).toMatchObject({
      Version: 1,
      SessionToken: expect.any(String),
      Expiration: expect.any(String),
    });
  },
);

const githubJob = cliRule(
  'a job of GitHub Actions that uploads',
  'yaml',
  /id-token: write/,
  async ({ text }, world, cli) => {
    const job = toObject(parse(text));
    const [step] = toList(job['steps']).map(toObject);
    const value = await world.token('ci');
    const platform = await startAnswering(({ headers }) =>
      headers.authorization === 'Bearer request-token'
        ? { status: 200, body: { value } }
        : { status: 403 },
    );
    const run = await runWith(String(step?.['run']), world, cli, {
      environment: {
        ACTIONS_ID_TOKEN_REQUEST_URL: `${platform.url}/token?version=2`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
      },
    });
    await platform.close();

    expect(job['env']).toEqual({ OSS_TOKEN_BROKER_URL: BROKER_URL });
    await expectOssutil(run, world, RELEASES);
    expect(JSON.stringify(run.calls)).not.toContain('request-token');
  },
);

const gitlabJob = cliRule(
  'a job of GitLab that uploads',
  'yaml',
  /id_tokens/,
  async ({ text }, world, cli) => {
    const job = toObject(toObject(parse(text))['upload']);
    const [name = '', another] = Object.keys(toObject(job['id_tokens']));
    const token = await world.token('ci');
    const run = await runWith(toList(job['script']).join('\n'), world, cli, {
      environment: { [name]: token },
    });

    expect(another).toBeUndefined();
    expect(memberAt(job, ['id_tokens', name, 'aud'])).toBe('oss-token-broker');
    expect(job['variables']).toEqual({ OSS_TOKEN_BROKER_URL: BROKER_URL });
    await expectOssutil(run, world, RELEASES);
  },
);

const pod = cliRule(
  'a pod whose application gets credentials from the agent',
  'yaml',
  /^containers:/,
  ({ text }, world, cli) => checkPod(toObject(parse(text)), world, cli),
);

/** Starts the agent of a pod, and asks it at the address that the application has. */
export async function checkPod(
  spec: Readonly<Record<string, unknown>>,
  { broker, token }: Pick<World, 'broker' | 'token'>,
  cli: Cli,
): Promise<void> {
  const [app, sidecar] = toList(spec['containers']).map(toObject);
  const secret = 's'.repeat(32);
  const port = String(await freePort());
  const args = [...toList(sidecar?.['command']), ...toList(sidecar?.['args'])]
    .map(String)
    .map((arg) => arg.replace('9911', port))
    .map((arg) => arg.replace('/etc/agent/secret', cli.file('secret', secret)));
  const running = cli.start(args.slice(1), {
    environment: {
      OSS_TOKEN_BROKER_URL: broker.url,
      OSS_TOKEN_BROKER_TOKEN_FILE: cli.file('token', await token('acme')),
    },
  });
  await running.says('The agent listens on port');
  const [uri] = toList(app?.['env'])
    .map(toObject)
    .filter(({ name }) => name === 'ALIBABA_CLOUD_CREDENTIALS_URI');
  const address = String(uri?.['value']).replace('9911', port).replace('$(AGENT_SECRET)', secret);
  const answer = await (await fetch(address)).json();
  const mounts = toList(sidecar?.['volumeMounts']).map(toObject);
  const [projected] = toList(spec['volumes']).map(toObject);
  const [source] = toList(memberAt(projected, ['projected', 'sources']));

  expect(answer).toMatchObject({ Code: 'Success' });
  expect(args[0]).toBe('oss-token-broker');
  expect(mounts.map(({ name }) => name)).toEqual(
    toList(spec['volumes']).map((volume) => toObject(volume)['name']),
  );
  expect(source).toMatchObject({ serviceAccountToken: { audience: 'oss-token-broker' } });
  // without a variable, the agent says where it looks for the token
  const { stderr } = await cli.run(args.slice(1), {
    environment: { OSS_TOKEN_BROKER_URL: broker.url },
  });
  const path = `${mounts[0]?.['mountPath']}/${memberAt(source, ['serviceAccountToken', 'path'])}`;
  expect(stderr).toContain(` ${path} cannot be read`);
}

export const CLI_RULES: readonly Rule[] = [
  upload,
  file,
  longRun,
  agent,
  credentialUrl,
  completion,
  aliyunProfile,
  awsProfile,
  githubJob,
  gitlabJob,
  pod,
];
