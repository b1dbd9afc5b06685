/** `npm run bench:cold`: measures the time from process start to the first answer, as ratios to a bare node:http server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { exportJWK, SignJWT } from 'jose';
import { startSimulator } from '../../simulator/simulator.ts';
import { writeCompiledConfig } from '../../src/config-loader/compiled-config.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { findNode } from '../../tools/node-binaries.ts';
import { generateSigningKey } from '../support/keys.ts';
import { median } from './quantile.ts';

const ROUNDS = 15;
const root = fileURLToPath(new URL('../../', import.meta.url));
const cache = `${root}node_modules/.cache/oss-token-broker/cold/`;
const platformNode = findNode('shipped');
const node = platformNode ?? process.execPath;

const { privateKey, publicKey } = generateSigningKey('ES256', 'bench');
const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256' };
const simulator = await startSimulator({
  now: Date.now,
  buckets: ['app-media'],
  region: 'cn-hangzhou',
});
const yaml = `
region: cn-hangzhou
sts: { endpoint: "${simulator.sts.url}" }
buckets: { app-media: { region: cn-hangzhou } }
issuers:
  - name: app
    issuer: https://login.example.com/
    audiences: [oss-token-broker]
    jwks: ${JSON.stringify({ keys: [jwk] })}
    attributes: { user: { claim: sub } }
grants:
  - name: user-files
    issuer: app
    role: ${simulator.roleArn}
    allow:
      - { target: "oss://app-media/users/{user}/", permissions: [read, write, list] }
`;
const token = await new SignJWT({ sub: 'user-1' })
  .setProtectedHeader({ alg: 'ES256', kid: 'bench', typ: 'JWT' })
  .setIssuer('https://login.example.com/')
  .setAudience('oss-token-broker')
  .setIssuedAt()
  .setExpirationTime('2h')
  .sign(privateKey);

mkdirSync(cache, { recursive: true });
writeFileSync(`${cache}broker.yaml`, yaml);
const { config } = loadConfig({ text: yaml, file: 'bench.yaml', environment: {} });
writeFileSync(`${cache}broker.json`, writeCompiledConfig(config));
writeFileSync(
  `${cache}node.cjs`,
  `require('node:http').createServer((q, r) => r.end('{}')).listen(process.env.PORT, '127.0.0.1');`,
);
writeFileSync(
  `${cache}hono.source.mjs`,
  `import { Hono } from 'hono'; import { serve } from '@hono/node-server';
   const app = new Hono(); app.get('/health', (c) => c.json({}));
   serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' });`,
);
await build({
  entryPoints: [`${cache}hono.source.mjs`],
  outfile: `${cache}hono.cjs`,
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'cjs',
});

interface Case {
  readonly name: string;
  readonly script: string;
  readonly config?: string;
  readonly path: string;
  /** The time of one request after the warm-up, in place of the time since the start. */
  readonly isWarmedUp?: boolean;
}

/** The warm-up begins 100 ms after the start, and loads the SDK and the keys. */
const WARM_UP_MS = 600;

const main = `${root}dist/main.cjs`;
const cases: readonly Case[] = [
  { name: 'node:http', script: `${cache}node.cjs`, path: '/health' },
  { name: 'hono', script: `${cache}hono.cjs`, path: '/health' },
  { name: 'broker, first answer', script: main, config: 'broker.json', path: '/health' },
  { name: 'broker, first answer, YAML', script: main, config: 'broker.yaml', path: '/health' },
  { name: 'broker, first token', script: main, config: 'broker.json', path: '/v1/credentials' },
  {
    name: 'broker, first token, YAML',
    script: main,
    config: 'broker.yaml',
    path: '/v1/credentials',
  },
  {
    name: 'broker, first token after the warm-up (the request alone)',
    script: main,
    config: 'broker.json',
    path: '/v1/credentials',
    isWarmedUp: true,
  },
];

const times = new Map(cases.map(({ name }) => [name, [] as number[]]));
const memory = new Map<string, number>();
for (let round = 0; round <= ROUNDS; round++) {
  for (const one of cases) {
    const { milliseconds, mebibytes } = await startOnce(one);
    memory.set(one.name, mebibytes);
    // the first round fills the disk cache and is not counted
    if (round > 0) times.get(one.name)?.push(milliseconds);
  }
}

const base = median(times.get('node:http') ?? []);
const hono = median(times.get('hono') ?? []);
const size = (statSync(`${root}dist/broker.cjs`).size / 1024).toFixed(0);
process.stdout.write(
  `\n${platformNode === undefined ? process.version : 'the shipped Node'}, medians of ${ROUNDS} starts; bundle ${size} KiB\n\n`,
);
process.stdout.write('| start to | ms | to node:http | to hono | MiB |\n|---|--:|--:|--:|--:|\n');
for (const { name } of cases) {
  const ms = median(times.get(name) ?? []);
  process.stdout.write(
    `| ${name} | ${ms.toFixed(1)} | ${(ms / base).toFixed(2)} | ${(ms / hono).toFixed(2)} | ${memory.get(name)?.toFixed(0)} |\n`,
  );
}
await simulator.close();

async function startOnce({ script, config: file, path, isWarmedUp = false }: Case) {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(node, [script], {
    stdio: 'ignore',
    env: {
      PORT: String(port),
      HOST: '127.0.0.1',
      ALIBABA_CLOUD_ACCESS_KEY_ID: simulator.sourceCredentials.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: simulator.sourceCredentials.accessKeySecret,
      ...(file === undefined ? {} : { BROKER_CONFIG: `${cache}${file}` }),
    },
  });
  const untilAnswered = async (at: string) => {
    while (!(await isAnswered(port, at))) {
      const end = child.exitCode ?? child.signalCode;
      if (end !== null) throw new Error(`${script} ended with ${end} before it answered`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  let since = startedAt;
  if (isWarmedUp) {
    await untilAnswered('/health');
    await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
    since = performance.now();
  }
  await untilAnswered(path);
  const milliseconds = performance.now() - since;
  const mebibytes = residentMebibytes(child);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  return { milliseconds, mebibytes };
}

/** False while nothing listens on the port. Throws on an answer other than 200. */
function isAnswered(port: number, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${token}` };
    const sent = request({ port, path, headers, host: '127.0.0.1', agent: false }, (response) => {
      response.resume();
      if (response.statusCode === 200) response.once('end', () => resolve(true));
      else reject(new Error(`unexpected status ${response.statusCode}`));
    });
    sent.once('error', () => resolve(false));
    sent.end();
  });
}

function residentMebibytes(child: ChildProcess): number {
  const status = `/proc/${child.pid}/status`;
  const [, kibibytes] = existsSync(status)
    ? (/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8')) ?? [])
    : [];
  return Number(kibibytes) / 1024;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
