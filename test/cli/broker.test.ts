/** What the program does when the broker refuses, is away, or is no broker. */
import { createServer } from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { createCertificate } from '../support/certificate.ts';
import {
  ANY_TOKEN,
  type Cli,
  createCli,
  credentialAnswer,
  startAnswering,
} from '../support/cli.ts';

type Answering = Awaited<ReturnType<typeof startAnswering>>;

let cli: Cli;
let broker: TestBroker;
let answering: Answering | undefined;

beforeAll(async () => {
  cli = await createCli();
  broker = await startTestBroker();
});

afterEach(async () => {
  await answering?.close();
  answering = undefined;
});

afterAll(async () => {
  await broker.close();
  await cli.close();
});

const ask = (url: string, token: string, ...args: readonly string[]) =>
  cli.run(['get', '--token-env', 'T', ...args], {
    environment: { OSS_TOKEN_BROKER_URL: url, T: token },
  });

describe('a refusal', () => {
  it('is told with code, sentence and request id, on standard error', async () => {
    const token = await broker.issuer.token();
    const { code, stdout, stderr } = await ask(broker.url, token, '--grant', 'another');
    const { requestId } = broker.auditLines().at(-1) ?? {};

    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr.split('\n').slice(0, -1)).toEqual([
      expect.stringMatching(/^oss-token-broker: refused: no_grant: [A-Z].*\.$/),
      `oss-token-broker: request id: ${requestId}`,
    ]);
  });

  it('of the subject token is one too, and never shows the token', async () => {
    const token = `${await broker.issuer.token()}x`;
    const { code, stdout, stderr } = await ask(broker.url, token);

    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('refused: subject_token_invalid: ');
    expect(stderr).not.toContain(token.slice(0, 20));
    expect(stderr).not.toContain(token.slice(-20));
  });

  it('of several grants that fit names them', async () => {
    const detail = 'Several grants fit.';
    answering = await startAnswering(() => ({
      status: 400,
      body: { code: 'ambiguous_grant', detail, requestId: 'r-1', grants: ['a', 'b'] },
    }));
    const { code, stderr } = await ask(answering.url, ANY_TOKEN);

    expect(code).toBe(4);
    expect(stderr).toBe(
      [`refused: ambiguous_grant: ${detail}`, 'grants: a, b', 'request id: r-1']
        .map((line) => `oss-token-broker: ${line}\n`)
        .join(''),
    );
  });

  it('cannot write control characters or secrets to the terminal', async () => {
    const secret = 'Ab1'.repeat(20);
    answering = await startAnswering(() => ({
      status: 403,
      body: { code: '\u001b[2J', detail: `${ANY_TOKEN} ${secret} \u009b\u202e\r`, requestId: '' },
    }));
    const { stderr } = await ask(answering.url, ANY_TOKEN);

    expect(stderr).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
    expect(stderr).not.toContain(secret);
    expect(stderr).not.toContain(ANY_TOKEN);
  });
});

describe('something that is no broker', () => {
  it.each([
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 4],
    ['a page', { status: 200, body: '<!doctype html>' }, 4],
    ['another 404', { status: 404, body: 'not here' }, 4],
    ['JSON without a credential', { status: 200, body: {} }, 4],
    ['a gateway that is full', { status: 502, body: 'Bad gateway' }, 5],
    ['an endless answer', { status: 200, body: 'x'.repeat(100_000) }, 5],
  ])('gets the token once and gives nothing: %s', async (_what, reply, expected) => {
    answering = await startAnswering(() => reply);
    const { code, stdout, stderr } = await ask(answering.url, ANY_TOKEN, '--timeout', '0');

    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toMatch(/^oss-token-broker: [^\n]+\n$/);
    expect(answering.requests).toHaveLength(1);
  });

  it.each([
    [{ AccessKeySecret: undefined }],
    [{ AccessKeySecret: 'a\nb' }],
    [{ SecurityToken: "a'\u0000" }],
    [{ AccessKeyId: 7 }],
    [{ Expiration: '2026-11-23T19:00:00.000Z' }],
    [{ Expiration: '2026-99-99T19:00:00Z' }],
    [{ RefreshAfter: null }],
    [{ Grant: null }],
    [{ Grant: { Targets: [{ Target: 'oss://a/\n', Region: 'r', Endpoint: 'e' }] } }],
  ])('gives no credential with %j', async (members) => {
    answering = await startAnswering(() => ({ status: 200, body: credentialAnswer(members) }));
    const { code, stdout, stderr } = await ask(answering.url, ANY_TOKEN);

    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/ is missing or malformed\.\n$/);
  });
});

describe('a broker that is away', () => {
  it('is asked again, as Retry-After says, until it answers', async () => {
    const times: number[] = [];
    answering = await startAnswering(() => {
      times.push(Date.now());
      if (times.length === 1) return 'hang up';
      if (times.length > 2) return { status: 200, body: credentialAnswer() };
      const body = { code: 'sts_throttled', detail: 'Later.', requestId: 'r' };
      return { status: 503, headers: { 'Retry-After': '2' }, body };
    });
    const { code, stderr } = await ask(answering.url, ANY_TOKEN, '--format', 'ossutil');
    const [first = 0, second = 0, third = 0] = times;

    expect(code).toBe(0);
    expect(second - first).toBeGreaterThanOrEqual(450);
    expect(third - second).toBeGreaterThanOrEqual(2000);
    expect(stderr).toContain('cannot be reached (ECONNRESET)');
    expect(stderr).toContain('unavailable: sts_throttled: Later.');
  });

  it('is not waited for longer than --timeout', async () => {
    const body = { code: 'rate_limited', detail: 'Later.', requestId: 'r' };
    answering = await startAnswering(() => ({
      status: 429,
      headers: { 'Retry-After': '60' },
      body,
    }));
    const beganMs = Date.now();
    const { code, stderr } = await ask(answering.url, ANY_TOKEN);

    expect(code).toBe(5);
    expect(Date.now() - beganMs).toBeLessThan(10_000);
    expect(answering.requests).toHaveLength(1);
    expect(stderr).toContain('unavailable: rate_limited: Later.');
  });

  it('is told by its address and the code of the system', async () => {
    const { code, stderr } = await ask('http://127.0.0.1:1', ANY_TOKEN, '--timeout', '0');

    expect(code).toBe(5);
    expect(stderr).toBe('oss-token-broker: http://127.0.0.1:1 cannot be reached (ECONNREFUSED)\n');
  });

  it('is asked with a new subject token each time', async () => {
    const tokens = cli.file('tokens', '1');
    answering = await startAnswering(() =>
      (answering?.requests.length ?? 0) < 2 ? 'hang up' : { status: 200, body: credentialAnswer() },
    );
    const command = `n=$(cat ${tokens}); echo $((n + 1)) > ${tokens}; echo e30.e30.$n`;
    const { code } = await cli.run(['get', '--token-command', command], {
      environment: { OSS_TOKEN_BROKER_URL: answering.url },
    });

    expect(code).toBe(0);
    expect(answering.requests.map(({ authorization }) => authorization)).toEqual([
      'Bearer e30.e30.1',
      'Bearer e30.e30.2',
    ]);
  });
});

describe('a broker behind TLS', () => {
  it('is asked if its certificate is trusted, and not otherwise', async () => {
    const { key, cert } = await createCertificate('localhost');
    const server = createServer({ key, cert }, (_request, response) => {
      response.end(JSON.stringify(credentialAnswer()));
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const environment = { OSS_TOKEN_BROKER_URL: `https://localhost:${port}/base/`, T: ANY_TOKEN };
    const args = ['get', '--token-env', 'T', '--timeout', '0'];
    const trusted = await cli.run(args, {
      environment: { ...environment, NODE_EXTRA_CA_CERTS: cli.file('ca.pem', cert) },
    });
    const untrusted = await cli.run(args, { environment });
    server.close();

    expect(trusted).toMatchObject({ code: 0, stderr: '' });
    expect(untrusted).toMatchObject({ code: 5, stdout: '' });
    expect(untrusted.stderr).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});
