import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { type Credential, credentialOf } from '../support/oss-client.ts';

/** The number of concurrent callers; `CALLERS=10000` for the full run. */
const CALLERS = Number(process.env['CALLERS'] ?? 1000);
const SOCKETS = 200;

let broker: TestBroker;
let agent: Agent;

beforeAll(async () => {
  // the simulated STS shares this process and has to answer all callers
  broker = await startTestBroker({ config: SIMPLE_CONFIG.replace('timeout: 2s', 'timeout: 30s') });
  agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
});

afterAll(async () => {
  agent.destroy();
  await broker.close();
});

interface Got {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

function send(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: text.startsWith('{') ? JSON.parse(text) : {},
        }),
      );
    });
    sent.once('error', reject);
    sent.end();
  });
}

/** Puts an empty object, signed by hand, and returns the status that OSS answers. */
async function put(credential: Credential, key: string): Promise<number> {
  const date = new Date().toUTCString();
  const token = `x-oss-security-token:${credential.SecurityToken}`;
  const text = `PUT\n\n\n${date}\n${token}\n/app-media/${key}`;
  const signature = createHmac('sha1', credential.AccessKeySecret).update(text).digest('base64');
  const { status } = await send(`${broker.simulator.oss.url}/app-media/${key}`, 'PUT', {
    Date: date,
    'x-oss-security-token': credential.SecurityToken,
    Authorization: `OSS ${credential.AccessKeyId}:${signature}`,
  });
  return status;
}

async function ask(subject: string): Promise<Got> {
  const token = await broker.issuer.token({ sub: subject });
  return send(`${broker.url}/v1/credentials`, 'GET', { Authorization: `Bearer ${token}` });
}

/** Sends one request per subject, all at once, and measures what they cost. */
async function askAll(subjects: readonly string[]) {
  const calls = broker.stsCalls();
  const lines = broker.log.text.length;
  const before = process.memoryUsage.rss();
  const startedAt = performance.now();
  const answers = await Promise.all(subjects.map(ask));
  const seconds = (performance.now() - startedAt) / 1000;
  const stsCalls = broker.stsCalls() - calls;
  const grownMiB = (process.memoryUsage.rss() - before) / 2 ** 20;
  process.stdout.write(
    `${subjects.length} callers, ${new Set(subjects).size} subjects: ${seconds.toFixed(1)} s, ${stsCalls} AssumeRole, ${grownMiB.toFixed(0)} MiB more (broker, simulator and callers in one process)\n`,
  );
  const audited = broker.log.text.slice(lines).split('\n').filter(Boolean).length;
  return { answers, stsCalls, grownMiB, audited };
}

describe(`${CALLERS} callers at once`, () => {
  it('with one subject share one flight to STS and one credential', async () => {
    const { answers, stsCalls, audited } = await askAll(
      Array.from({ length: CALLERS }, () => 'popular'),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body['AccessKeyId'])).size).toBe(stsCalls);
    // the remaining token life can drop by a second meanwhile, which gives another key for a flight
    expect(stsCalls).toBeLessThanOrEqual(3);
    expect(audited).toBe(CALLERS);
  }, 120_000);

  it('with different subjects each get a credential for their own prefix only', async () => {
    const subjects = Array.from({ length: CALLERS }, (_, n) => `caller-${n}`);
    const { answers, stsCalls, grownMiB, audited } = await askAll(subjects);

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(stsCalls).toBeLessThanOrEqual(CALLERS);
    expect(audited).toBe(CALLERS);
    expect(new Set(answers.map(({ body }) => body['AccessKeyId'])).size).toBe(CALLERS);
    expect(grownMiB).toBeLessThan(1024);

    const used = await Promise.all(
      answers.map(async ({ body }, n) => {
        const credential = credentialOf(body);
        const own = await put(credential, `users/caller-${n}/x`);
        const other = await put(credential, `users/caller-${(n + 1) % CALLERS}/x`);
        return `${own} ${other}`;
      }),
    );
    expect(new Set(used)).toEqual(new Set(['200 403']));
  }, 240_000);
});
