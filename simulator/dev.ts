/** Runs `npm run dev`: starts simulator, issuer and broker on loopback, and prints a walk to paste. */
import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createAuditLog } from '../src/audit/line.ts';
import { createBroker } from '../src/broker.ts';
import { loadConfig } from '../src/config-loader/load-config.ts';
import { createTellOperator } from '../src/observe/tell-operator.ts';
import { startServer } from '../src/server.ts';
import { createFetchIssuer } from '../src/subject-token/keys/issuer-fetch.ts';
import { describeWalk } from './dev-walk.ts';
import { startIssuer } from './issuer/issuer.ts';
import { startSimulator } from './simulator.ts';
import { createStaticCredentials } from './static-credentials.ts';

const PORTS = { broker: 9000, issuer: 9001, sts: 9002, oss: 9003 };
const CALLERS = [
  { id: 'alice', secret: 'alice-secret', claims: { plan: 'pro', groups: ['design'] } },
  { id: 'bob', secret: 'bob-secret', claims: { plan: 'free', groups: [] } },
];

const configFile = fileURLToPath(new URL('dev-broker.yaml', import.meta.url));
const simulator = await startSimulator({
  now: Date.now,
  buckets: ['app-media'],
  region: 'cn-hangzhou',
  corsOrigins: ['http://localhost:5173'],
  stsPort: await freePort(PORTS.sts),
  ossPort: await freePort(PORTS.oss),
});
const issuer = await startIssuer({
  callers: CALLERS,
  audience: 'oss-token-broker',
  tokenLifeSeconds: 3600,
  port: await freePort(PORTS.issuer),
});
const { config } = loadConfig({
  text: await readFile(configFile, 'utf8'),
  file: 'simulator/dev-broker.yaml',
  environment: {
    SIMULATED_STS: simulator.sts.url,
    SIMULATED_OSS: simulator.oss.url,
    SIMULATED_ISSUER: issuer.issuer,
  },
});
const app = createBroker({
  config,
  sourceCredentials: createStaticCredentials(simulator.sourceCredentials),
  recordAudit: createAuditLog(async (line) => void process.stdout.write(line)),
  now: Date.now,
  fetchIssuer: createFetchIssuer({ lookup }),
  randomUuid: randomUUID,
  random: Math.random,
  isOnFunctionCompute: false,
  usesFunctionRole: false,
  observe: createTellOperator({
    tell: (line) => void process.stderr.write(`${line}\n`),
    now: Date.now,
  }),
});
const server = await startServer({
  fetch: app.fetch,
  hostname: '127.0.0.1',
  port: await freePort(PORTS.broker),
  neverHangUp: false,
});
process.stdout.write(
  describeWalk({
    broker: `http://127.0.0.1:${server.port}`,
    tokenEndpoint: issuer.tokenEndpoint,
    sts: simulator.sts.url,
    oss: simulator.oss.url,
  }),
);

/** The usual port, or 0 for any free port if the usual one is taken. */
async function freePort(usual: number): Promise<number> {
  const probe = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(usual, '127.0.0.1', () => resolve(true));
  });
  await new Promise((resolve) => probe.close(resolve));
  return isFree ? usual : 0;
}
