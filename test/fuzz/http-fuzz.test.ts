/** Sends random requests and checks that every answer is prompt, declared in openapi.yaml and without secrets. */
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REFUSALS_CONFIG } from '../refusals/cases.ts';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { createAnswerCheck, PATHS, type Received } from '../support/declared.ts';
import { fc } from '../support/seeded.ts';
import { type Attempt, attempts } from './attempts.ts';

/** FC_HTTP_RUNS=100000 searches longer; FC_SEED repeats a search. */
const runs = Number(process.env['FC_HTTP_RUNS'] ?? 400);
const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
/** How many requests are in flight at once. */
const BATCH = 16;
const TIMEOUT_MS = 5000;
const MAX_HEAD_BYTES = 16_384;

const whatIsWrong = createAnswerCheck();
const agent = new Agent({ keepAlive: true, maxSockets: BATCH });
const seen = new Map<string, number>();
let broker: TestBroker;
let token: string;
let auditText = '';

beforeAll(async () => {
  broker = await startTestBroker({
    config: `${REFUSALS_CONFIG}\ncors: { origins: ["https://app.example.com"] }\n`,
    write: async (text) => {
      auditText += text;
    },
  });
  const exp = Math.floor(Date.now() / 1000) + 3600;
  token = await broker.issuer.token({ sub: '42', plan: 'basic', exp });
});

afterAll(async () => {
  agent.destroy();
  await broker.close();
});

function send(attempt: Attempt): Promise<Received> {
  const { method, path, headers, body, isChunked } = attempt;
  const { hostname, port } = new URL(broker.url);
  return new Promise((fulfil, reject) => {
    const outgoing = request({ agent, hostname, port, method, path });
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${TIMEOUT_MS} ms`));
      outgoing.destroy();
    }, TIMEOUT_MS);
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        clearTimeout(timer);
        const text = Buffer.concat(pieces).toString();
        fulfil({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    for (const [name] of headers) {
      const values = headers.filter(([other]) => other === name).map(([, value]) => value);
      outgoing.setHeader(name, values);
    }
    if (body === undefined) return outgoing.end();
    if (!isChunked) return outgoing.setHeader('Content-Length', body.length).end(body);
    outgoing.setHeader('Transfer-Encoding', 'chunked');
    const half = Math.ceil(body.length / 2);
    outgoing.write(body.subarray(0, half));
    return outgoing.end(body.subarray(half));
  });
}

/** The path of openapi.yaml that a request target names. Only one form of a path names it, after a host or without. */
function declaredPath(target: string): string | undefined {
  const path = target.replace(/^https?:\/\/[^/?#@]*(?=\/)/, '').replace(/\?.*/s, '');
  return path in PATHS ? path : undefined;
}

/** Says what is wrong with an answer; undefined if nothing is. */
function judge(attempt: Attempt, answer: Received, audit: string): string | undefined {
  const { method, path } = attempt;
  const { status, text } = answer;
  if (status >= 500) return `status ${status}: ${text}`;
  // the server answers what it cannot read before the broker sees it; openapi.yaml does not cover that
  if (status === 431 && text === '' && headBytes(attempt) > MAX_HEAD_BYTES - 1000) return undefined;
  if (status === 400 && text === '' && isUnreadable(path)) return undefined;
  if (status !== 200 && text.includes('SecurityToken')) return `a credential with ${status}`;
  if (text.includes('SecurityToken') && !isAuthorized(attempt)) {
    return 'a credential without a good token';
  }
  const problem = whatIsWrong(method, declaredPath(path), answer);
  if (problem !== undefined) return problem;
  const isDecision = status >= 400 || text.includes('SecurityToken');
  const requestId = answer.headers['x-request-id'];
  if (isDecision && !audit.includes(`"${String(requestId)}"`)) return 'no audit line was written';
  return undefined;
}

/** The first of several Authorization headers counts. */
function isAuthorized({ headers }: Attempt): boolean {
  const [, value = ''] = headers.find(([name]) => name === 'Authorization') ?? [];
  return /^bearer +(\S+)$/i.exec(value.trim())?.[1] === token;
}

/** Whether Node cannot parse the target: it is neither a path nor a URL. */
function isUnreadable(target: string): boolean {
  return !/^(?:\/|\*|[a-z]+:\/\/)/i.test(target);
}

function headBytes({ method, path, headers }: Attempt): number {
  return headers.reduce(
    (total, [name, value]) => total + name.length + value.length + 4,
    method.length + path.length + 100,
  );
}

describe('any request to the broker', () => {
  it('gets a prompt answer that openapi.yaml declares and that leaks nothing', async () => {
    const startedAt = performance.now();
    let sent = 0;
    const batch = fc.array(attempts(token), { minLength: BATCH, maxLength: BATCH, size: 'max' });
    const property = fc.asyncProperty(batch, async (sending) => {
      auditText = '';
      const answers = await Promise.all(
        sending.map(async (attempt) => {
          const answer = await send(attempt).catch((error: unknown) => {
            throw new Error(`${describeAttempt(attempt)}: ${String(error)}`);
          });
          return { attempt, answer };
        }),
      );
      for (const { attempt, answer } of answers) {
        sent += 1;
        const status = `${answer.status}`;
        seen.set(status, (seen.get(status) ?? 0) + 1);
        const problem = judge(attempt, answer, auditText);
        if (problem !== undefined) throw new Error(`${describeAttempt(attempt)}: ${problem}`);
      }
      expect(auditText.includes(token), 'the token is in the audit log').toBe(false);
      expect(
        auditText.split('\n').every((line) => line === '' || isJson(line)),
        'a line of the audit log is not JSON',
      ).toBe(true);
    });

    await fc.assert(property, { seed, numRuns: Math.ceil(runs / BATCH) }).finally(() => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      const statuses = [...seen].sort().map(([status, count]) => `${status}: ${count}`);
      process.stdout.write(
        `http-fuzz: seed ${seed}, ${sent} requests in ${seconds} s; ${statuses.join(', ')}\n`,
      );
    });

    // a search without grants, or without refusals, would prove nothing
    for (const status of ['200', '400', '401', '403', '404', '405']) {
      expect(seen.get(status), status).toBeGreaterThan(0);
    }
  });
});

function describeAttempt({ method, path, headers, body, isChunked }: Attempt): string {
  const sent = JSON.stringify({ headers, body: body?.toString('latin1'), isChunked });
  return `${method} ${path} ${sent}`.slice(0, 4000);
}

function isJson(text: string): boolean {
  try {
    return JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}
