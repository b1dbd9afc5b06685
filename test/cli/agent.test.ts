/** `agent`: who gets the credential from it, in which form, and who does not. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, request as requestOf } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { type Cli, createCli, type RunningCli } from '../support/cli.ts';
import { toObject } from '../support/declared.ts';
import { privateAddress } from '../support/private-address.ts';

let cli: Cli;
let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker();
});

beforeEach(async () => {
  cli = await createCli();
  cli.file('token.jwt', await broker.issuer.token());
});

afterEach(() => cli.close());

afterAll(() => broker.close());

const start = (...args: readonly string[]) =>
  cli.start(['agent', '--token-file', 'token.jwt', ...args], {
    environment: { OSS_TOKEN_BROKER_URL: broker.url },
  });

interface Announced {
  readonly running: RunningCli;
  readonly uri: string;
  readonly awsUri: string;
  readonly secret: string;
  readonly port: number;
}

/** Starts an agent that says where it is on standard output. */
async function startAgent(...args: readonly string[]): Promise<Announced> {
  const running = start(...args);
  await running.says('AWS_CONTAINER_AUTHORIZATION_TOKEN');
  const exported = (name: string) =>
    new RegExp(`^export ${name}='(.*)'$`, 'm').exec(running.stdout())?.[1] ?? '';
  const uri = exported('ALIBABA_CLOUD_CREDENTIALS_URI');
  return {
    running,
    uri,
    awsUri: exported('AWS_CONTAINER_CREDENTIALS_FULL_URI'),
    secret: exported('AWS_CONTAINER_AUTHORIZATION_TOKEN'),
    port: Number(new URL(uri).port),
  };
}

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends exactly these headers: `fetch` sets Host by itself. */
function send(
  to: { port: number } | { socketPath: string },
  { method = 'GET', path, headers }: Sent,
) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const options = { host: '127.0.0.1', ...to, method, path, headers: { ...headers } };
    const sent = requestOf(options, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.once('error', reject);
    sent.end();
  });
}

describe('an agent on loopback', () => {
  it('is a credentials URI that @alicloud/credentials reads', async () => {
    const { uri } = await startAgent();
    const library: unknown = createRequire(import.meta.url)('@alicloud/credentials');
    const Credential = Reflect.get(Object(library), 'default');
    const got = await new Credential({
      type: 'credentials_uri',
      credentialsURI: uri,
    }).getCredential();
    const { body } = await broker.ask();

    expect(got).toMatchObject({
      accessKeyId: body['AccessKeyId'],
      accessKeySecret: body['AccessKeySecret'],
      securityToken: body['SecurityToken'],
    });
  });

  it('answers as Java, Python, Go and the CLI read it too, and stores nothing', async () => {
    const { uri } = await startAgent();
    const response = await fetch(uri);
    const answer = toObject(await response.json());

    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(answer)).toEqual([
      ...['StatusCode', 'Code', 'AccessKeyId', 'AccessKeySecret', 'SecurityToken', 'Expiration'],
    ]);
    expect(answer).toMatchObject({ StatusCode: 200, Code: 'Success' });
    expect(answer['Expiration']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('is a source of container credentials for AWS SDKs', async () => {
    const { awsUri, secret } = await startAgent();
    const { body } = await broker.ask();
    const response = await fetch(awsUri, { headers: { Authorization: secret } });

    expect(toObject(await response.json())).toEqual({
      AccessKeyId: body['AccessKeyId'],
      SecretAccessKey: body['AccessKeySecret'],
      Token: body['SecurityToken'],
      Expiration: body['Expiration'],
    });
  });

  it('asks the broker once, however often it is asked', async () => {
    const before = broker.auditLines().length;
    const { uri } = await startAgent();
    for (let n = 0; n < 20; n++) await (await fetch(uri)).text();

    expect(broker.auditLines()).toHaveLength(before + 1);
  });

  it('cannot be reached by the address that the machine has in its network', async () => {
    const { port } = await startAgent();
    const address = privateAddress();
    const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/`;

    await expect(fetch(url, { signal: AbortSignal.timeout(3000) })).rejects.toThrow();
  });

  it('does not start without a credential', async () => {
    const { code, stdout, stderr } = await start('--grant', 'none').ended;

    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('refused: no_grant');
  });

  it('says that its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const { code, stderr } = await start('--listen', `127.0.0.1:${port}`).ended;
    other.close();

    expect(code).toBe(1);
    expect(stderr).toContain(`cannot listen at port ${port} of 127.0.0.1 (EADDRINUSE)`);
  });
});

describe('a request that is not from an SDK of this machine', () => {
  const good = ({ port, secret }: Announced): Sent => ({
    path: `/${secret}/credentials`,
    headers: { Host: `127.0.0.1:${port}` },
  });

  it.each<[string, number, (agent: Announced) => Partial<Sent>]>([
    ['as it should be', 200, () => ({})],
    ['with localhost as Host', 200, ({ port }) => ({ headers: { Host: `localhost:${port}` } })],
    ['with another Host', 403, ({ port }) => ({ headers: { Host: `evil.example:${port}` } })],
    [
      'with a Host that begins alike',
      403,
      ({ port }) => ({ headers: { Host: `127.0.0.1.evil.example:${port}` } }),
    ],
    ['with another port in Host', 403, () => ({ headers: { Host: '127.0.0.1:80' } })],
    ['without a port in Host, as of Python', 200, () => ({ headers: { Host: '127.0.0.1' } })],
    ['with another Host without a port', 403, () => ({ headers: { Host: 'evil.example' } })],
    ['of a page', 403, ({ port }) => ({ headers: { Host: `127.0.0.1:${port}`, Origin: 'null' } })],
    [
      'of a proxy',
      403,
      ({ port }) => ({ headers: { Host: `127.0.0.1:${port}`, 'X-Forwarded-For': '203.0.113.7' } }),
    ],
    ['without a secret', 404, () => ({ path: '/credentials' })],
    ['with an empty secret', 404, () => ({ path: '//credentials' })],
    [
      'with another secret',
      404,
      ({ secret }) => ({ path: `/${'A'.repeat(secret.length)}/credentials` }),
    ],
    [
      'with a part of the secret',
      404,
      ({ secret }) => ({ path: `/${secret.slice(1)}/credentials` }),
    ],
    ['with more than the secret', 404, ({ secret }) => ({ path: `/${secret}A/credentials` })],
    ['to another path', 404, ({ secret }) => ({ path: `/${secret}/credentials/` })],
    ['to a member of every object', 404, ({ secret }) => ({ path: `/${secret}/constructor` })],
    ['with the secret for AWS in the path', 404, ({ secret }) => ({ path: `/${secret}/aws` })],
    ['with a query', 404, ({ secret }) => ({ path: `/${secret}/credentials?a=b` })],
    ['with another method', 405, () => ({ method: 'POST' })],
    ['for AWS without a secret', 404, () => ({ path: '/aws' })],
    [
      'for AWS with another secret',
      404,
      ({ port, secret }) => ({
        path: '/aws',
        headers: { Host: `127.0.0.1:${port}`, Authorization: `Bearer ${secret}` },
      }),
    ],
  ])('%s: %i', async (_what, status, change) => {
    const agent = await startAgent();
    const answer = await send({ port: agent.port }, { ...good(agent), ...change(agent) });

    expect(answer.status).toBe(status);
    expect(answer.text.includes('AccessKeySecret')).toBe(status === 200);
  });
});

describe('the secret of the address', () => {
  it('is written to a file of its owner, and not printed, with --variables-file', async () => {
    const running = start('--variables-file', 'agent.env');
    await running.says('The agent listens on port');
    const path = join(cli.folder, 'agent.env');
    while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20));
    const text = readFileSync(path, 'utf8');

    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(text).toMatch(
      /^export ALIBABA_CLOUD_CREDENTIALS_URI='http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/credentials'$/m,
    );
    running.child.kill('SIGTERM');
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).not.toContain(/\/([\w-]{43})\//.exec(text)?.[1]);
    expect(existsSync(path)).toBe(false);
  });

  it('does not overwrite a file that the agent did not write', async () => {
    cli.file('agent.env', 'mine');
    const { code, stderr } = await start('--variables-file', 'agent.env').ended;

    expect(code).toBe(1);
    expect(stderr).toContain('agent.env exists, and this program did not write it');
    expect(readFileSync(join(cli.folder, 'agent.env'), 'utf8')).toBe('mine');
  });

  it('is that of --secret-file, which is never shown', async () => {
    const secret = 'S'.repeat(40);
    cli.file('secret', `${secret}\n`);
    const running = start('--secret-file', 'secret', '--listen', '[::1]:0');
    await running.says('The agent listens on port');
    const port = /on port (\d+) of ::1/.exec(running.stderr())?.[1];
    const { status } = await fetch(`http://[::1]:${port}/${secret}/credentials`);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;

    expect(status).toBe(200);
    expect(code).toBe(0);
    expect(`${stdout}${stderr}`).not.toContain(secret);
  });

  it.each(['', 'short', 'x'.repeat(31), `${'x'.repeat(40)}/..`, 'x'.repeat(2000)])(
    'is not one that can be guessed or that is no part of a path: %s',
    async (text) => {
      cli.file('secret', text);
      const { code, stderr } = await start('--secret-file', 'secret').ended;

      expect(code).toBe(1);
      expect(stderr).toContain('secret must hold a secret of 32 to 256');
    },
  );

  it('is another one for each agent', async () => {
    const [one, other] = [await startAgent(), await startAgent()];

    expect(one.secret).toMatch(/^[\w-]{43}$/);
    expect(other.secret).not.toBe(one.secret);
  });
});

describe('an agent on a Unix socket', () => {
  const socketPath = () => join(cli.folder, 'agent.sock');
  const HOST = { Host: 'localhost' };

  async function startOnSocket(): Promise<RunningCli> {
    const running = start('--socket', 'agent.sock');
    await running.says('The agent listens on agent.sock.');
    return running;
  }

  it('serves both forms to its owner, and to nobody else', async () => {
    const running = await startOnSocket();
    const alibaba = await send(
      { socketPath: socketPath() },
      { path: '/credentials', headers: HOST },
    );
    const aws = await send({ socketPath: socketPath() }, { path: '/aws', headers: HOST });
    const other = await send({ socketPath: socketPath() }, { path: '/toString', headers: HOST });

    expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
    expect([alibaba.status, aws.status, other.status]).toEqual([200, 200, 404]);
    expect(JSON.parse(aws.text)).toHaveProperty('SecretAccessKey');
    running.child.kill('SIGHUP');
    expect((await running.ended).code).toBe(0);
    expect(existsSync(socketPath())).toBe(false);
  });

  it('takes the place of one that was killed, but not of one that runs, nor of a file', async () => {
    const killed = await startOnSocket();
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(existsSync(socketPath())).toBe(true);

    await startOnSocket();
    const second = await start('--socket', 'agent.sock').ended;
    const onFile = await start('--socket', 'token.jwt').ended;

    expect([second.code, onFile.code]).toEqual([1, 1]);
    expect(second.stderr).toContain('cannot listen at agent.sock (EADDRINUSE)');
    expect(readFileSync(join(cli.folder, 'token.jwt'), 'utf8')).toMatch(/^eyJ/);
  });
});
