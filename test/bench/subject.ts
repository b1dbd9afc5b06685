/** One server under measurement in its own process: sends its port to the parent, and its CPU and memory on request. */
import { lookup } from 'node:dns';
import { createServer } from 'node:http';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { createStaticCredentials } from '../../simulator/static-credentials.ts';
import { createAuditLog } from '../../src/audit/line.ts';
import { createBroker } from '../../src/broker.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { startServer } from '../../src/server.ts';
import { createFetchIssuer } from '../../src/subject-token/keys/issuer-fetch.ts';

/** The message that the parent sends first. */
export interface SubjectOptions {
  readonly kind: 'node' | 'hono' | 'hono+jose' | 'broker';
  /** The body that the baselines answer: the same as the broker's. */
  readonly body: string;
  readonly jwks: JSONWebKeySet;
  readonly issuer: string;
  /** `broker.yaml` */
  readonly config: string;
  readonly sourceCredentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
}

async function start(options: SubjectOptions): Promise<number> {
  const { kind, body } = options;
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
  if (kind === 'broker') return startBroker(options);
  if (kind === 'node') {
    const server = createServer((_request, response) => response.writeHead(200, headers).end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }
  const app = new Hono();
  const keys = createLocalJWKSet(options.jwks);
  app.get('/v1/credentials', async (c) => {
    if (kind === 'hono+jose') {
      const token = c.req.header('authorization')?.slice('Bearer '.length) ?? '';
      await jwtVerify(token, keys, {
        issuer: options.issuer,
        audience: 'oss-token-broker',
        algorithms: ['ES256'],
        requiredClaims: ['exp', 'iat'],
      });
    }
    return c.body(body, 200, headers);
  });
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port));
  });
}

async function startBroker({ config: text, sourceCredentials }: SubjectOptions): Promise<number> {
  const { config } = loadConfig({ text, file: 'bench.yaml', environment: {} });
  const app = createBroker({
    config,
    sourceCredentials: createStaticCredentials(sourceCredentials),
    // the line is made and serialised as usual; writing it depends on the operator's setup
    recordAudit: createAuditLog(async () => {}),
    now: Date.now,
    fetchIssuer: createFetchIssuer({ lookup }),
    randomUuid: () => crypto.randomUUID(),
    random: Math.random,
    isOnFunctionCompute: false,
    usesFunctionRole: false,
    observe: () => {},
  });
  const hostname = '127.0.0.1';
  return (await startServer({ fetch: app.fetch, hostname, port: 0, neverHangUp: false })).port;
}

process.on('message', (message: SubjectOptions | 'usage') => {
  if (message === 'usage') {
    const { user, system } = process.cpuUsage();
    process.send?.({
      cpuMs: (user + system) / 1000,
      memoryMiB: process.memoryUsage.rss() / 2 ** 20,
    });
    return;
  }
  start(message).then(
    (port) => process.send?.({ port }),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
      process.exit(1);
    },
  );
});
