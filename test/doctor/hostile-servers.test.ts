/** What `doctor` and `setup --diff` do with servers that redirect, never end, or never stop. */
import { createServer, type ServerResponse } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { checkClock } from '../../src/doctor/check-clock.ts';
import { createAskOss } from '../../src/doctor/oss-exchange.ts';
import { createCallRpc } from '../../src/rpc/call-rpc.ts';
import { createGetBucketCors } from '../../src/setup/bucket-cors.ts';

const CREDENTIALS = {
  accessKeyId: 'STS.id',
  accessKeySecret: 'hush-hush-secret',
  securityToken: 'hush-hush-token',
};
/** Above the limits of the product, which are 10 s. */
const PATIENCE_MS = 12_000;

const open: (() => void)[] = [];
afterAll(() => {
  for (const close of open) close();
});

/** A server with one behaviour; `asked` counts its requests. */
async function startServer(behave: (response: ServerResponse) => void) {
  const seen = { asked: 0 };
  const server = createServer((request, response) => {
    seen.asked += 1;
    request.resume();
    behave(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, seen };
}

/** Everything that the two commands ask of Alibaba Cloud, and what they say of the answer. */
const ASK: Readonly<Record<string, (url: string) => Promise<string>>> = {
  async 'a bucket, in doctor'(url) {
    const bucket = { name: 'app-media', region: 'cn-hangzhou', endpoint: url, cname: false };
    const reply = await createAskOss(fetch)({ bucket, method: 'GET' });
    return 'problem' in reply ? reply.problem : `status ${reply.status}`;
  },
  async 'the clock, in doctor'(url) {
    const { status, saw } = await checkClock({ stsUrl: url, issuers: [], fetch, now: Date.now });
    return status === 'ok' ? 'ok' : saw;
  },
  async 'the CORS rules, in setup'(url) {
    const rule = { allowedOrigins: [], allowedMethods: [], allowedHeaders: [], exposeHeaders: [] };
    const ask = createGetBucketCors({ fetch, now: Date.now, credentials: CREDENTIALS });
    return ask({ bucket: 'app-media', region: 'cn-hangzhou', endpoint: url, rule }).then(
      JSON.stringify,
      String,
    );
  },
  async 'RAM and STS, in both'(url) {
    const callRpc = createCallRpc({ endpoint: url, credentials: CREDENTIALS });
    return callRpc({ action: 'GetRole', version: '2015-05-01' }).then(JSON.stringify, String);
  },
};

describe.concurrent.each(Object.entries(ASK))('who asks %s', (_what, ask) => {
  it('follows no redirect', async () => {
    const other = await startServer((response) => response.end('{}'));
    const { url, seen } = await startServer((response) => {
      response.writeHead(307, { location: `${other.url}/` }).end();
    });
    const said = await ask(url);

    expect(seen.asked).toBeGreaterThan(0);
    expect(other.seen.asked).toBe(0);
    expect(said).not.toContain('hush');
  });

  it(
    'waits no longer than 10 s for a server that is silent, or sends a byte now and then',
    async () => {
      const silent = await startServer(() => {});
      const slow = await startServer((response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const timer = setInterval(() => response.write(' '), 200);
        response.once('close', () => clearInterval(timer));
      });
      const startedAt = Date.now();
      const said = await Promise.all([ask(silent.url), ask(slow.url)]);

      expect(silent.seen.asked * slow.seen.asked).toBeGreaterThan(0);
      expect(Date.now() - startedAt).toBeLessThan(PATIENCE_MS);
      expect(said.join()).not.toContain('hush');
    },
    2 * PATIENCE_MS,
  );
});

// the SDK reads what RAM and STS answer, until the deadline
const READ_BY_US = Object.entries(ASK).filter(([what]) => !what.startsWith('RAM'));

describe.each(READ_BY_US)('who asks %s', (_what, ask) => {
  it('reads no endless answer', async () => {
    let sentBytes = 0;
    const chunk = Buffer.alloc(64 * 1024, ' ');
    const { url } = await startServer((response) => {
      response.writeHead(200);
      const send = (): void => {
        if (response.destroyed || sentBytes > 64 * 1024 * 1024) return void response.end();
        sentBytes += chunk.length;
        response.write(chunk, () => setImmediate(send));
      };
      send();
    });
    const said = await ask(url);

    expect(sentBytes).toBeGreaterThan(0);
    expect(sentBytes).toBeLessThan(32 * 1024 * 1024);
    expect(said).not.toContain('hush');
  });
});
