/** How `agent` and `exec --renew` replace a credential while they run. */
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker } from '../support/broker.ts';
import {
  ANY_TOKEN,
  type Cli,
  createCli,
  credentialAnswer,
  startAnswering,
} from '../support/cli.ts';
import { toObject } from '../support/declared.ts';

let cli: Cli;
let answering: Awaited<ReturnType<typeof startAnswering>> | undefined;

beforeAll(async () => {
  cli = await createCli();
});

afterEach(async () => {
  await answering?.close();
  answering = undefined;
});

afterAll(() => cli.close());

/** An instant as the broker writes it. */
const inSeconds = (seconds: number) =>
  `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function startAgent(url: string, tokenFile: string) {
  const running = cli.start(['agent', '--token-file', tokenFile], {
    environment: { OSS_TOKEN_BROKER_URL: url },
  });
  await running.says('AWS_CONTAINER_AUTHORIZATION_TOKEN');
  const uri = /CREDENTIALS_URI='(.*)'/.exec(running.stdout())?.[1] ?? '';
  const ask = async () => {
    const response = await fetch(uri);
    return { status: response.status, ...toObject(await response.json()) };
  };
  return { running, uri, ask };
}

describe('an agent', () => {
  it('has a new credential before the old one ends, and reads the token file again for it', async () => {
    const broker = await startTestBroker();
    // issued so long ago that 12 seconds of it are left
    broker.clock.offsetMs = -(15 * 60 - 12) * 1000;
    const first = await broker.issuer.token();
    cli.file('renewed.jwt', first);
    const agent = await startAgent(broker.url, 'renewed.jwt');
    const before = await agent.ask();
    broker.clock.offsetMs = 0;
    cli.file('renewed.jwt', await broker.issuer.token({ jti: 'second' }));
    while (broker.stsCalls() < 2) await sleep(100);
    await sleep(500);
    const after = await agent.ask();
    const tokens = broker.auditLines().map(({ decision }) => decision);
    await broker.close();

    expect(before.status).toBe(200);
    expect(after.status).toBe(200);
    expect(Date.parse(String(Reflect.get(before, 'Expiration')))).toBeLessThan(Date.now() + 12_000);
    expect(Date.parse(String(Reflect.get(after, 'Expiration')))).toBeGreaterThan(
      Date.now() + 60_000,
    );
    // the first token has expired by now: nothing but the new one could be granted
    expect(new Set(tokens)).toEqual(new Set(['granted']));
  });

  it('keeps the credential while the broker is away, then says that there is none, then has one', async () => {
    let isAway = false;
    let issued = 0;
    answering = await startAnswering(() => {
      if (isAway) {
        const body = { code: 'sts_unavailable', detail: 'Later.', requestId: 'r' };
        return { status: 503, headers: { 'Retry-After': '1' }, body };
      }
      issued += 1;
      const seconds = issued === 1 ? 13 : 900;
      const times = { Expiration: inSeconds(seconds), RefreshAfter: inSeconds(0) };
      return { status: 200, body: credentialAnswer({ AccessKeyId: `STS.${issued}`, ...times }) };
    });
    cli.file('token.jwt', ANY_TOKEN);
    const { running, ask } = await startAgent(answering.url, 'token.jwt');
    isAway = true;
    while (answering.requests.length < 2) await sleep(100);
    const kept = await ask();
    await running.says('unavailable: sts_unavailable: Later.');
    let gone = await ask();
    while (gone.status === 200) {
      await sleep(200);
      gone = await ask();
    }
    isAway = false;
    let back = await ask();
    while (back.status !== 200) {
      await sleep(200);
      back = await ask();
    }

    expect(kept).toMatchObject({ status: 200, AccessKeyId: 'STS.1' });
    expect(gone).toEqual({ status: 503, StatusCode: 503, Code: 'CredentialUnavailable' });
    expect(back).toMatchObject({ status: 200, AccessKeyId: 'STS.2' });
    // one sentence for one trouble, however many attempts
    expect(running.stderr().match(/sts_unavailable/g)).toHaveLength(1);
    expect(running.stderr()).toContain('The credential is renewed again.');
  });

  it('asks the broker once for all who wait, and does not mind one who hangs up', async () => {
    const waiting: (() => void)[] = [];
    let isSlow = false;
    let asked = 0;
    const slow = createServer((_request, response) => {
      asked += 1;
      // 5 seconds and less are not handed out, so the first one is of no use from the beginning
      const times = { Expiration: inSeconds(asked === 1 ? 4 : 900), RefreshAfter: inSeconds(0) };
      const give = () => response.end(JSON.stringify(credentialAnswer(times)));
      if (isSlow) waiting.push(give);
      else give();
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const address = slow.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    cli.file('token.jwt', ANY_TOKEN);
    const { uri, ask } = await startAgent(`http://127.0.0.1:${port}`, 'token.jwt');
    isSlow = true;
    const hangingUp = new AbortController();
    const hungUp = fetch(uri, { signal: hangingUp.signal }).catch(() => 'hung up');
    const all = Promise.all(Array.from({ length: 20 }, ask));
    while (waiting.length === 0) await sleep(50);
    hangingUp.abort();
    await sleep(200);
    for (const give of waiting) give();
    const answers = await all;
    slow.closeAllConnections();
    slow.close();

    expect(await hungUp).toBe('hung up');
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(asked).toBe(2);
    expect((await ask()).status).toBe(200);
  });
});

describe('exec --renew', () => {
  it('gives a long-running program one credential after the other', async () => {
    let issued = 0;
    answering = await startAnswering(() => {
      issued += 1;
      const times = { Expiration: inSeconds(11), RefreshAfter: inSeconds(0) };
      return { status: 200, body: credentialAnswer({ AccessKeyId: `STS.${issued}`, ...times }) };
    });
    cli.file('token.jwt', ANY_TOKEN);
    const program = `
      const seen = new Set();
      const look = async () => {
        const { AccessKeyId } = await (await fetch(process.env.ALIBABA_CLOUD_CREDENTIALS_URI)).json();
        seen.add(AccessKeyId);
        if (seen.size < 3) setTimeout(look, 200);
        else console.log([...seen].join());
      };
      look();`;
    const args = ['exec', '--renew', '--token-file', 'token.jwt', '--'];
    const { code, stdout } = await cli.run([...args, process.execPath, '-e', program], {
      environment: { OSS_TOKEN_BROKER_URL: answering.url },
    });

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'STS.1,STS.2,STS.3\n' });
  });
});
