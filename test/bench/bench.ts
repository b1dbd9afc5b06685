/** `npm run bench`: measures the cost of a request, interleaved with a bare node:http server, as ratios to it. */
import { type ChildProcess, fork } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { exportJWK, SignJWT } from 'jose';
import { startSimulator } from '../../simulator/simulator.ts';
import { generateSigningKey } from '../support/keys.ts';
import { sendLoad } from './load.ts';
import type { SubjectOptions } from './subject.ts';

const ROUNDS = 5;
const REQUESTS = 4000;
/** Each fresh credential needs its own AssumeRole, which is really signed and verified. */
const FRESH_REQUESTS = 400;
const CONCURRENCY = 16;
const ISSUER = 'https://login.example.com/';
const TOKENS = 64;

const subject = await buildSubject();
const { privateKey, publicKey } = generateSigningKey('ES256', 'bench');
const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256' };
const simulator = await startSimulator({
  now: Date.now,
  buckets: ['app-media'],
  region: 'cn-hangzhou',
});
const config = `
region: cn-hangzhou
sts: { endpoint: "${simulator.sts.url}" }
buckets: { app-media: { region: cn-hangzhou } }
issuers:
  - name: app
    issuer: ${ISSUER}
    audiences: [oss-token-broker]
    jwks: ${JSON.stringify({ keys: [jwk] })}
    attributes: { user: { claim: sub } }
grants:
  - name: user-files
    issuer: app
    when: [{ claim: plan, equals: pro }]
    role: ${simulator.roleArn}
    allow:
      - { target: "oss://app-media/users/{user}/", permissions: [read, write, list] }
`;

interface Case {
  readonly name: string;
  readonly kind: SubjectOptions['kind'];
  readonly expectedStatus: number;
  readonly requests: number;
  readonly tokens: readonly string[];
  /** What else is sent: hostile rows must cost at most 1.5 times the plain refusal. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const good = await signTokens(privateKey, TOKENS, (n) => ({ sub: `user-${n}`, plan: 'pro' }));
const outsiders = await signTokens(privateKey, TOKENS, (n) => ({ sub: `user-${n}`, plan: 'free' }));
const forged = await signTokens(generateSigningKey('ES256', 'another').privateKey, TOKENS, (n) => ({
  sub: `user-${n}`,
  plan: 'pro',
}));
const forgedLong = await signTokens(
  generateSigningKey('ES256', 'long').privateKey,
  TOKENS,
  (n) => ({
    sub: `user-${n}`,
    ...Object.fromEntries(Array.from({ length: 560 }, (_, at) => [`a${at}`, 1])),
  }),
);
const fresh = await signTokens(privateKey, FRESH_REQUESTS * (ROUNDS + 1), (n) => ({
  sub: `fresh-${n}`,
  plan: 'pro',
}));

const cases: readonly Case[] = [
  { name: 'node:http', kind: 'node', expectedStatus: 200, requests: REQUESTS, tokens: good },
  { name: 'hono', kind: 'hono', expectedStatus: 200, requests: REQUESTS, tokens: good },
  { name: 'hono + jose', kind: 'hono+jose', expectedStatus: 200, requests: REQUESTS, tokens: good },
  {
    name: 'granted (cached credential)',
    kind: 'broker',
    expectedStatus: 200,
    requests: REQUESTS,
    tokens: good,
  },
  {
    name: 'granted (one AssumeRole each)',
    kind: 'broker',
    expectedStatus: 200,
    requests: FRESH_REQUESTS,
    tokens: fresh,
  },
  {
    name: 'refused at the token',
    kind: 'broker',
    expectedStatus: 401,
    requests: REQUESTS,
    tokens: forged,
  },
  {
    name: 'refused at the token (long Accept and target)',
    kind: 'broker',
    expectedStatus: 401,
    requests: REQUESTS,
    tokens: forged,
    query: `?Target=oss://app-media/${'%E1%84%80%E1%85%A1'.repeat(250)}`,
    headers: { Accept: 'a/b,'.repeat(1000) },
  },
  {
    name: 'refused at the token (8 KiB)',
    kind: 'broker',
    expectedStatus: 401,
    requests: REQUESTS,
    tokens: forgedLong,
  },
  {
    name: 'refused at the grant',
    kind: 'broker',
    expectedStatus: 403,
    requests: REQUESTS,
    tokens: outsiders,
  },
];

const body = await sampleAnswer();
const running = await Promise.all(
  cases.map(async (one) => ({ ...one, ...(await startSubject(one.kind, body)) })),
);
const samples = new Map(running.map(({ name }) => [name, [] as Sample[]]));

interface Sample {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMs: number;
  readonly memoryMiB: number;
}

// the first round warms up and is not counted; each round measures every server once
for (let round = 0; round <= ROUNDS; round++) {
  for (const one of running) {
    const before = await usageOf(one.child);
    const { seconds, latencies } = await sendLoad({
      url: `http://127.0.0.1:${one.port}/v1/credentials${one.query ?? ''}`,
      requests: one.requests,
      concurrency: CONCURRENCY,
      expectedStatus: one.expectedStatus,
      headers: (n) => ({ ...one.headers, Authorization: `Bearer ${tokenFor(one, n, round)}` }),
    });
    const after = await usageOf(one.child);
    if (round === 0) continue;
    samples.get(one.name)?.push({
      perSecond: one.requests / seconds,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      cpuMs: (after.cpuMs - before.cpuMs) / one.requests,
      memoryMiB: after.memoryMiB,
    });
  }
}

const rows = running.map(({ name }) => {
  const of = (key: keyof Sample) => median((samples.get(name) ?? []).map((sample) => sample[key]));
  return {
    name,
    perSecond: of('perSecond'),
    p50: of('p50'),
    p99: of('p99'),
    cpuMs: of('cpuMs'),
    memoryMiB: of('memoryMiB'),
  };
});
const [first] = rows;
const verify = rows[2];
process.stdout.write(
  `\nNode ${process.version}, ${ROUNDS} rounds of ${REQUESTS} requests, ${CONCURRENCY} at a time, medians; ratios to node:http\n\n`,
);
process.stdout.write(
  '| server | req/s | p50 ms | p99 ms | CPU µs/req | CPU ratio | CPU ratio to hono + jose | MiB |\n|---|--:|--:|--:|--:|--:|--:|--:|\n',
);
for (const row of rows) {
  const ratio = row.cpuMs / (first?.cpuMs ?? 1);
  const toVerify = row.cpuMs / (verify?.cpuMs ?? 1);
  process.stdout.write(
    `| ${row.name} | ${row.perSecond.toFixed(0)} | ${row.p50.toFixed(2)} | ${row.p99.toFixed(2)} | ${(row.cpuMs * 1000).toFixed(0)} | ${ratio.toFixed(2)} | ${toVerify.toFixed(2)} | ${row.memoryMiB.toFixed(0)} |\n`,
  );
}
for (const { child } of running) child.kill();
await simulator.close();

function tokenFor(one: Case, n: number, round: number): string {
  const isFresh = one.tokens.length > TOKENS;
  return one.tokens[isFresh ? round * FRESH_REQUESTS + n : n % TOKENS] ?? '';
}

async function signTokens(
  key: KeyObject,
  count: number,
  claimsOf: (n: number) => Record<string, unknown>,
): Promise<readonly string[]> {
  return Promise.all(
    Array.from({ length: count }, (_, n) =>
      new SignJWT(claimsOf(n))
        .setProtectedHeader({ alg: 'ES256', kid: 'bench', typ: 'JWT' })
        .setIssuer(ISSUER)
        .setAudience('oss-token-broker')
        .setIssuedAt()
        .setExpirationTime('2h')
        .sign(key),
    ),
  );
}

/** A real answer of the broker, so that the baselines send the same bytes. */
async function sampleAnswer(): Promise<string> {
  const { child, port } = await startSubject('broker', '');
  const response = await fetch(`http://127.0.0.1:${port}/v1/credentials`, {
    headers: { Authorization: `Bearer ${good[0]}` },
  });
  const answer = await response.text();
  if (response.status !== 200) throw new Error(`the broker answered ${response.status}: ${answer}`);
  child.kill();
  return answer;
}

/** Compiles the servers like the product. A TypeScript loader would slow down the broker's code but no library. */
async function buildSubject(): Promise<string> {
  const outfile = fileURLToPath(
    new URL('../../node_modules/.cache/oss-token-broker/subject.mjs', import.meta.url),
  );
  await build({
    entryPoints: [fileURLToPath(new URL('subject.ts', import.meta.url))],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  return outfile;
}

async function startSubject(
  kind: Case['kind'],
  answer: string,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = fork(subject);
  const options: SubjectOptions = {
    kind,
    body: answer,
    jwks: { keys: [jwk] },
    issuer: ISSUER,
    config,
    sourceCredentials: simulator.sourceCredentials,
  };
  child.send(options);
  const { port } = await messageOf<{ port: number }>(child);
  return { child, port };
}

function usageOf(child: ChildProcess): Promise<{ cpuMs: number; memoryMiB: number }> {
  child.send('usage');
  return messageOf(child);
}

function messageOf<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('a server exited early'));
    child.once('exit', onExit);
    child.once('message', (message: Message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

/** `values` must be ascending. */
function quantile(values: readonly number[], share: number): number {
  return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}
