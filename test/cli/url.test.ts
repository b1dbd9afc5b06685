/** `url`: what it asks of the broker, and what it prints. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker } from '../support/broker.ts';
import { ANY_TOKEN, type Cli, createCli } from '../support/cli.ts';
import { TICKET_ENVIRONMENT, URLS_ON } from '../support/credential-urls.ts';

const ANSWER = {
  RequestId: 'request-1',
  Url: 'https://broker.example.com/c/v1.ticket',
  ExpiresAt: '2026-11-23T19:00:00Z',
  TicketId: 'ticket-1',
  Grant: { Name: 'user-files', Targets: [] },
};

let cli: Cli;
let url = '';
let answer: object = ANSWER;
let asked: { readonly path: string | undefined; readonly body: unknown } | undefined;
const server = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => {
    text += chunk;
  });
  request.once('end', () => {
    asked = { path: request.url, body: JSON.parse(text) };
    response.end(JSON.stringify(answer));
  });
});

beforeAll(async () => {
  cli = await createCli();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
});

afterAll(async () => {
  server.close();
  await cli.close();
});

const ask = (...args: readonly string[]) =>
  cli.run(['url', '--token-env', 'T', ...args], {
    environment: { OSS_TOKEN_BROKER_URL: url, T: ANY_TOKEN },
  });

describe('url', () => {
  it('gets a URL at which a broker gives credentials', async () => {
    const broker = await startTestBroker({
      config: `${SIMPLE_CONFIG}${URLS_ON}`,
      environment: TICKET_ENVIRONMENT,
    });
    const { code, stdout } = await cli.run(['url', '--token-env', 'T', '--uses', '1'], {
      environment: { OSS_TOKEN_BROKER_URL: broker.url, T: await broker.issuer.token() },
    });
    const answers = [await fetch(stdout.trim()), await fetch(stdout.trim())];
    await broker.close();

    expect(code).toBe(0);
    expect(answers.map(({ status }) => status)).toEqual([200, 401]);
    expect(await answers[0]?.json()).toMatchObject({ Code: 'Success' });
  });

  it('prints the URL alone, and tells its end and its name in the audit log', async () => {
    const { code, stdout, stderr } = await ask();

    expect({ code, stdout }).toEqual({ code: 0, stdout: `${ANSWER.Url}\n` });
    expect(stderr).toBe(
      'oss-token-broker: It works until 2026-11-23T19:00:00Z. The audit log calls it ticket-1.\n',
    );
    expect(asked).toEqual({ path: '/v1/credential-urls', body: {} });
  });

  it('asks for what the options say', async () => {
    await ask(
      ...['--grant', 'user-files', '--target', 'oss://app-media/users/1/', '--permissions', 'read'],
      ...['--duration', '15m', '--life', '24h', '--uses', '3', '--bind-address'],
      ...['--for', 'mobile-sdk'],
    );

    expect(asked?.body).toEqual({
      Grant: 'user-files',
      Target: 'oss://app-media/users/1/',
      Permissions: ['read'],
      DurationSeconds: 900,
      LifeSeconds: 86_400,
      Uses: 3,
      BindAddress: true,
      For: 'mobile-sdk',
    });
  });

  it.each([{}, { Url: 7 }, { Url: 'javascript:alert(1)' }, { Url: 'https://a/\nexport X=1' }])(
    'prints nothing of an answer without a URL: %j',
    async (other) => {
      answer = { ...ANSWER, Url: undefined, ...other };
      const { code, stdout, stderr } = await ask();
      answer = ANSWER;

      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr).toContain('Url is missing or malformed.');
    },
  );
});
