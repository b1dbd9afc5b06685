/** What `doctor` and `setup --diff` do with servers that redirect, never end, never stop, or lie. */
import { lookup } from 'node:dns';
import { createServer, type ServerResponse } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { checkClock } from '../../src/doctor/check-clock.ts';
import { checkIssuer } from '../../src/doctor/check-issuers.ts';
import { createAskOss } from '../../src/doctor/oss-exchange.ts';
import { createCallRpc } from '../../src/rpc/call-rpc.ts';
import { createGetBucketCors } from '../../src/setup/bucket-cors.ts';
import { createFetchIssuer } from '../../src/subject-token/keys/issuer-fetch.ts';
import { certificateOf } from '../support/dated-certificate.ts';
import { createTestIssuer } from '../support/issuer.ts';
import { generateSigningKey } from '../support/keys.ts';

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

describe('what an issuer says of the age of its keys', () => {
  const key = generateSigningKey('ES256', 'one');
  const other = generateSigningKey('ES256', 'two');
  const [since, until] = ['20260301000000Z', '99991231235959Z'];
  const now = Date.parse('2026-06-01T00:00:00Z');
  const good = certificateOf(key, since, until);
  const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
  const pem = `-----BEGIN CERTIFICATE-----\n${'QUFB'.repeat(16)}\n-----END CERTIFICATE-----\n`;
  const padded = base64(Buffer.concat([Buffer.from(good, 'base64'), Buffer.alloc(100_000)]));
  const dated = (notBefore: string, notAfter = until) => [certificateOf(key, notBefore, notAfter)];

  /** What doctor says of an issuer with that key. */
  async function look(more: object, headers: Record<string, string> = {}) {
    const issuer = await createTestIssuer();
    const text = JSON.stringify({ keys: [{ ...key.publicJwk, ...more }] });
    issuer.fault('jwks', { kind: 'body', text, headers });
    const finding = await checkIssuer(issuer.trusted(), createFetchIssuer({ lookup }), now);
    await issuer.close();
    return finding;
  }

  it.each([
    ['is no list', 'MIIB', 'certificate unreadable'],
    ['is null', null, 'certificate unreadable'],
    ['is empty', [], 'certificate unreadable'],
    ['has a number', [1], 'certificate unreadable'],
    ['has a list', [[good]], 'certificate unreadable'],
    ['has an empty text', [''], 'certificate unreadable'],
    ['has no base64', ['\u001b[2J\u202e'], 'certificate unreadable'],
    ['has no certificate', [base64('hush-hush')], 'certificate unreadable'],
    ['has a broken PEM', [base64(pem)], 'certificate unreadable'],
    ['has half a certificate', [good.slice(0, 100)], 'certificate unreadable'],
    ['is large', ['A'.repeat(200_000)], 'certificate unreadable'],
    ['has a certificate with much behind it', [padded], 'certificate unreadable'],
    [
      'has many certificates',
      [good, ...Array<string>(30_000).fill('A')],
      'certificate since 2026-03-01',
    ],
    ['is for another key', [certificateOf(other, since, until)], 'certificate of another key'],
    ['has a 13th month', dated('20261301000000Z'), 'certificate without a date'],
    ['has a 31st of February', dated('20260231000000Z'), 'certificate without a date'],
    ['has a text as its date', dated('\u001b[2J hush'), 'certificate without a date'],
    ['has no end', dated(since, ''), 'certificate without a date'],
    ['is of the year 1', dated('00010101000000Z'), 'certificate without a date'],
    [
      'begins in the year 9999',
      dated('99990101000000Z'),
      'certificate since 9999-01-01, in the future',
    ],
    [
      'ends before it begins',
      dated(since, '20200101000000Z'),
      'certificate since 2026-03-01, ended 2020-01-01',
    ],
  ])('is told in words of our own if x5c %s', async (_what, x5c, says) => {
    const { status, saw } = await look({ x5c });

    expect(status).toBe('ok');
    expect(saw).toContain(`ES256 P-256 (${says}) by discovery, loaded now`);
    expect(saw.length).toBeLessThan(200);
    expect(saw).not.toMatch(/hush|\p{Cc}|\p{Cf}/u);
  });

  it.each([
    ['yesterday', 'does not say how old it is'],
    ['', 'does not say how old it is'],
    ['0', 'does not say how old it is'],
    ['12', 'does not say how old it is'],
    ['2026-03-01T00:00:00Z', 'does not say how old it is'],
    ['Sun, 01 Mar 2026 00:00:00 GMT\tpwned', 'does not say how old it is'],
    ['Mon, 01 Mar 2026 00:00:00 GMT', 'does not say how old it is'],
    ['Sun, 31 Feb 2026 00:00:00 GMT', 'does not say how old it is'],
    ['Sun, 01 Mar 2026 00:00:00 \u009b2J', 'does not say how old it is'],
    ['x'.repeat(100), 'does not say how old it is'],
    ['Mon, 01 Jan 0001 00:00:00 GMT', 'does not say how old it is'],
    ['Sat, 13 Sep 275760 00:00:00 GMT', 'Last-Modified is in the future'],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 'last changed 20605 days ago (Last-Modified)'],
  ])('is told in words of our own if Last-Modified is %j', async (lastModified, says) => {
    const { status, saw } = await look({}, { 'last-modified': lastModified });

    expect(status).toBe('ok');
    expect(saw).toMatch(/^ES256 P-256 by discovery, loaded now; [A-Za-z0-9 ()-]+$/);
    expect(saw).toContain(says);
  });

  it('does not make it read a JWKS without end', async () => {
    const issuer = await createTestIssuer();
    issuer.fault('jwks', { kind: 'flood', totalBytes: 64 * 1024 * 1024 });
    const { status, saw } = await checkIssuer(issuer.trusted(), createFetchIssuer({ lookup }), now);
    const { bytes } = issuer.flooded;
    await issuer.close();

    expect({ status, saw }).toEqual({
      status: 'failed',
      saw: 'the JWKS: is larger than 262144 bytes',
    });
    expect(bytes).toBeGreaterThan(262_144);
    expect(bytes).toBeLessThan(16 * 1024 * 1024);
  });
});
