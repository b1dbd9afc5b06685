import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { describeInBrowser, startBrowser } from '../support/browser.ts';

const SDK = fileURLToPath(
  new URL('../../node_modules/ali-oss/dist/aliyun-oss-sdk.min.js', import.meta.url),
);

let pages: Server;
let browser: Browser;
let broker: TestBroker;
let port = 0;

beforeAll(async () => {
  pages = createServer((request, response) => {
    if (request.url === '/ali-oss.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(readFileSync(SDK));
      return;
    }
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><script src="/ali-oss.js"></script>');
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const address = pages.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  broker = await startTestBroker({
    config: `${SIMPLE_CONFIG}cors: { origins: ["http://localhost:${port}"] }\n`,
    corsOrigins: [`http://localhost:${port}`],
  });
  browser = await startBrowser();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await broker?.close();
  pages?.close();
});

async function openPage(host: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`http://${host}:${port}/`);
  return page;
}

describeInBrowser('a page in Chromium', () => {
  it('fetches a credential, uploads in parts with ali-oss, and is kept to its prefix', async () => {
    const page = await openPage('localhost');
    const seen = await page.evaluate(
      async ({ url, token, ossPort }) => {
        const response = await fetch(`${url}/v1/credentials`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
          body: '{"Permissions":["read","write","list"]}',
        });
        const credential: Record<string, string> = JSON.parse(await response.text());
        const { AccessKeyId, AccessKeySecret, SecurityToken } = credential;
        const OSS = Reflect.get(globalThis, 'OSS');
        const client = new OSS({
          accessKeyId: AccessKeyId,
          accessKeySecret: AccessKeySecret,
          stsToken: SecurityToken,
          refreshSTSTokenInterval: 3_600_000,
          bucket: 'app-media',
          region: 'oss-cn-hangzhou',
          // the bucket goes before the host, and Chromium finds *.localhost on this machine
          endpoint: `http://localhost:${ossPort}`,
          authorizationV4: true,
        });
        const bytes = new Uint8Array(1_500_000).map((_, index) => index % 251);
        const blob = new Blob([bytes]);
        await client.multipartUpload('users/user-1/video.mp4', blob, {
          partSize: 512_000,
          parallel: 2,
        });
        const listed = await client.listV2({ prefix: 'users/user-1/', 'max-keys': '10' });
        const read = await client.get('users/user-1/video.mp4');
        const outcome = (attempt: Promise<unknown>) =>
          attempt.then(
            () => 'allowed',
            (error: { code: string }) => error.code,
          );
        const foreign = [
          await outcome(client.put('users/user-10/x', new Blob(['x']))),
          await outcome(client.get('users/user-10/private.txt')),
          await outcome(client.listV2({ prefix: 'users/user-10/', 'max-keys': '10' })),
        ];
        return {
          status: response.status,
          listed: listed.objects.map(({ name, size }: { name: string; size: number }) => [
            name,
            size,
          ]),
          isSame:
            read.content.length === bytes.length &&
            bytes.every((byte, index) => byte === read.content[index]),
          foreign,
        };
      },
      {
        url: broker.url,
        token: await broker.issuer.token(),
        ossPort: new URL(broker.simulator.oss.url).port,
      },
    );

    expect(seen).toEqual({
      status: 200,
      listed: [['users/user-1/video.mp4', 1_500_000]],
      isSame: true,
      foreign: ['AccessDenied', 'AccessDenied', 'AccessDenied'],
    });
    await page.close();
  });

  it('reads the answer of the broker only if its origin is listed', async () => {
    const ask = async (host: string) => {
      const page = await openPage(host);
      const outcome = await page.evaluate(
        ({ url, token }) =>
          fetch(`${url}/v1/credentials`, { headers: { Authorization: `Bearer ${token}` } }).then(
            ({ status }) => String(status),
            (error: Error) => error.message,
          ),
        { url: broker.url, token: await broker.issuer.token() },
      );
      await page.close();
      return outcome;
    };
    const calls = broker.stsCalls();

    expect(await ask('localhost')).toBe('200');
    // the same server by another name is another origin
    expect(await ask('127.0.0.1')).toBe('Failed to fetch');
    expect(broker.stsCalls() - calls).toBeLessThanOrEqual(1);
  });
});
