/** The README's script and CI job: they upload with the credential, and stop when there is none. */
import { createServer } from 'node:http';
import { expect } from 'vitest';
import { createOssClient, ossRefusal } from '../support/oss-client.ts';
import { type Block, blockWith } from './pages.ts';
import { runShell, type ShellRun } from './shell.ts';
import type { World } from './world.ts';

const AUDIENCE = 'audience=oss-token-broker';

export async function checkScript(block: Block, world: World): Promise<void> {
  const { broker } = world;
  const environment = { BROKER_URL: broker.url, GRANT: 'acme-reports' };
  const run = (changed: Readonly<Record<string, string>>) =>
    runShell(block.text, { environment: { ...environment, ...changed } });
  const TOKEN = await world.token('acme');

  const upload = await run({ TOKEN });
  await expectUpload(upload, world, 'partners/acme/');
  const refused = await run({ TOKEN: `${TOKEN}x` });
  expectStop(refused);
  expect(refused.stderr).toContain('"code":"subject_token_invalid"');
  expectStop(await run({ TOKEN, GRANT: 'user-files' }));
  expectStop(await run({ TOKEN, BROKER_URL: 'http://127.0.0.1:1' }));
  // something that answers in the broker's place, and has no credential
  const empty = await startAnswering(() => ({ status: 200, body: '{"AccessKeyId":"STS.x"}' }));
  expectStop(await run({ TOKEN, BROKER_URL: empty.url }));
  await empty.close();
}

export async function checkCiJob(block: Block, world: World): Promise<void> {
  const value = await world.token('ci');
  const platform = await startAnswering((url, authorization) =>
    url.endsWith(AUDIENCE) && authorization === 'Bearer request-token'
      ? { status: 200, body: JSON.stringify({ value }) }
      : { status: 403, body: '{}' },
  );
  const { text } = blockWith('README.md', 'sh', 'ossutil');
  const run = (requestToken: string) =>
    runShell(`${block.text}\n${text}`, {
      environment: {
        BROKER_URL: world.broker.url,
        GRANT: 'releases',
        ACTIONS_ID_TOKEN_REQUEST_URL: `${platform.url}/token?version=2`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
      },
    });

  await expectUpload(await run('request-token'), world, 'releases/987/');
  expectStop(await run('another'));
  await platform.close();
}

/** ossutil was called once, for this target, with a credential that is good for it and for nothing else. */
export async function expectUpload(
  run: ShellRun,
  { broker }: Pick<World, 'broker'>,
  place: string,
): Promise<void> {
  expect(run).toMatchObject({ code: 0, stderr: '' });
  const [call] = run.calls;
  const { url } = broker.simulator.oss;
  const [bucket, prefix] = place.startsWith('releases/')
    ? ['releases', place.slice('releases/'.length)]
    : ['app-media', place];

  expect(run.calls.map(({ name, args }) => [name, ...args])).toEqual([
    [
      ...['ossutil', 'cp', 'report.csv', `oss://${bucket}/${prefix}`],
      ...['--region', 'cn-hangzhou', '--endpoint', url],
    ],
  ]);
  const { environment = {} } = call ?? {};
  const client = createOssClient(
    url,
    {
      AccessKeyId: environment['OSS_ACCESS_KEY_ID'] ?? '',
      AccessKeySecret: environment['OSS_ACCESS_KEY_SECRET'] ?? '',
      SecurityToken: environment['OSS_SESSION_TOKEN'] ?? '',
    },
    { bucket },
  );
  expect((await client.put(`${prefix}report.csv`, Buffer.from('1,2'))).res.status).toBe(200);
  expect(await ossRefusal(client.put('elsewhere.csv', Buffer.from('1,2')))).toBe('AccessDenied');
}

export function expectStop(run: ShellRun): void {
  expect(run.code).not.toBe(0);
  expect(run.calls).toEqual([]);
}

/** Something that answers every request on loopback. */
async function startAnswering(
  answer: (url: string, authorization: string | undefined) => { status: number; body: string },
) {
  const server = createServer((request, response) => {
    const { status, body } = answer(request.url ?? '', request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
