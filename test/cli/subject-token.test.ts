/** Where the subject token comes from, and where it never goes. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ANY_TOKEN,
  type Cli,
  createCli,
  credentialAnswer,
  startAnswering,
} from '../support/cli.ts';

let cli: Cli;
let broker: Awaited<ReturnType<typeof startAnswering>>;
let platform: Awaited<ReturnType<typeof startAnswering>> | undefined;

beforeAll(async () => {
  cli = await createCli();
  broker = await startAnswering(() => ({ status: 200, body: credentialAnswer() }));
});

afterEach(async () => {
  await platform?.close();
  platform = undefined;
});

afterAll(async () => {
  await broker.close();
  await cli.close();
});

function get(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  stdin = '',
) {
  return cli.run(['get', ...args], {
    environment: { OSS_TOKEN_BROKER_URL: broker.url, ...environment },
    stdin,
  });
}

const lastToken = () => broker.requests.at(-1)?.authorization;

describe('a subject token', () => {
  it.each([
    ['a file', ['--token-file', 'token.jwt'], {}, ''],
    ['standard input', ['--token-stdin'], {}, `${ANY_TOKEN}\n`],
    ['an environment variable', ['--token-env', 'MY_TOKEN'], { MY_TOKEN: ANY_TOKEN }, ''],
    ['a command', ['--token-command', 'cat token.jwt'], {}, ''],
    ['GitLab', ['--token-from', 'gitlab'], { OSS_TOKEN_BROKER_TOKEN: ANY_TOKEN }, ''],
    [
      'a projected file of Kubernetes',
      ['--token-from', 'kubernetes'],
      { OSS_TOKEN_BROKER_TOKEN_FILE: 'token.jwt' },
      '',
    ],
    ['OSS_TOKEN_BROKER_TOKEN', [], { OSS_TOKEN_BROKER_TOKEN: ANY_TOKEN }, ''],
    ['OSS_TOKEN_BROKER_TOKEN_FILE', [], { OSS_TOKEN_BROKER_TOKEN_FILE: 'token.jwt' }, ''],
  ])('comes from %s', async (_what, args, environment, stdin) => {
    cli.file('token.jwt', `\n${ANY_TOKEN}\r\n`);
    const { code, stderr } = await get(args, environment, stdin);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lastToken()).toBe(`Bearer ${ANY_TOKEN}`);
  });

  it('comes from GitHub Actions, for the audience of the broker or another', async () => {
    platform = await startAnswering(({ headers }) =>
      headers.authorization === 'Bearer request-token'
        ? { status: 200, body: { value: ANY_TOKEN } }
        : { status: 403 },
    );
    const environment = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${platform.url}/token?version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
    };
    const usual = await get(['--token-from', 'github-actions'], environment);
    const other = await get(['--token-from', 'github-actions', '--audience', 'a&b'], environment);

    expect([usual.code, other.code]).toEqual([0, 0]);
    expect(lastToken()).toBe(`Bearer ${ANY_TOKEN}`);
    expect(platform.requests.map(({ url }) => url)).toEqual([
      '/token?version=2&audience=oss-token-broker',
      '/token?version=2&audience=a%26b',
    ]);
  });

  const GITHUB = {
    ACTIONS_ID_TOKEN_REQUEST_URL: 'http://example.com/token',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
  };
  it.each([
    ['nothing is chosen', [], {}, 'use one of --token-file'],
    ['the file is missing', ['--token-file', 'none'], {}, 'none cannot be read (ENOENT).'],
    ['the file is a folder', ['--token-file', '.'], {}, '. cannot be read (EISDIR).'],
    ['the file is empty', ['--token-file', 'empty'], {}, 'empty is empty.'],
    ['the file is another secret', ['--token-file', 'secret'], {}, 'something else than a JWT'],
    ['two lines are there', ['--token-file', 'two'], {}, 'something else than a JWT'],
    ['the file is too long', ['--token-file', 'long'], {}, 'something else than a JWT'],
    ['standard input is empty', ['--token-stdin'], {}, 'standard input is empty.'],
    ['the variable is missing', ['--token-env', 'NONE'], {}, 'NONE is empty.'],
    ['the command fails', ['--token-command', 'exit 7'], {}, 'exit code 7'],
    ['the command is missing', ['--token-command', 'nowhere 2>&-'], {}, 'exit code 127'],
    ['the command floods', ['--token-command', 'yes'], {}, 'more than 16384 bytes'],
    ['this is no job of GitHub', ['--token-from', 'github-actions'], {}, 'id-token: write'],
    ['GitHub is asked over HTTP', ['--token-from', 'github-actions'], GITHUB, 'no https URL'],
    ['this is no job of GitLab', ['--token-from', 'gitlab'], {}, 'id_tokens'],
    ['there is no projection', ['--token-from', 'kubernetes'], {}, '/var/run/secrets/oss-token-'],
  ])('is missed where %s: code 3, and the broker is not asked', async (_w, args, env, problem) => {
    cli.file('empty', ' \n');
    cli.file('secret', 'LTAI-and-its-secret');
    cli.file('two', `${ANY_TOKEN}\n${ANY_TOKEN}`);
    cli.file('long', `${ANY_TOKEN}${'x'.repeat(20_000)}`);
    const before = broker.requests.length;
    const { code, stdout, stderr } = await get(args, env);

    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('There is no subject token: ');
    expect(stderr).toContain(problem);
    expect(stderr).not.toContain('LTAI');
    expect(broker.requests).toHaveLength(before);
  });

  it.skipIf(!existsSync('/proc/self/cmdline'))(
    'and the credential are in no argument and in no message',
    async () => {
      cli.file('token.jwt', ANY_TOKEN);
      const running = cli.start(
        ['exec', '--token-file', 'token.jwt', '--', 'sh', '-c', 'sleep 5'],
        {
          environment: { OSS_TOKEN_BROKER_URL: broker.url },
        },
      );
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const list = readFileSync(`/proc/${running.child.pid}/cmdline`, 'latin1');
      running.child.kill();
      const { stdout, stderr } = await running.ended;

      expect(list).toContain('token.jwt');
      expect(`${list}${stdout}${stderr}`).not.toMatch(/eyJ|STS\.id|secret/);
    },
  );
});
