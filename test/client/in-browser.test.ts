/** The published kit in a page of Chromium, with ali-oss, against broker and simulator. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { describeInBrowser, startBrowser } from '../support/browser.ts';

const SDK = fileURLToPath(
  new URL('../../node_modules/ali-oss/dist/aliyun-oss-sdk.min.js', import.meta.url),
);

let folder: string;
let pages: Server;
let browser: Browser;
let broker: TestBroker;
let port = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'client-'));
  execFileSync(process.execPath, ['--import', 'tsx', 'tools/build-package.ts', folder]);
  const files: Readonly<Record<string, string>> = {
    '/ali-oss.js': readFileSync(SDK, 'utf8'),
    '/client.js': readFileSync(join(folder, 'client/index.js'), 'utf8'),
  };
  pages = createServer((request, response) => {
    const script = files[request.url ?? ''];
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript');
    response.end(script ?? '<!doctype html><script src="/ali-oss.js"></script>');
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const address = pages.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  // the bucket goes before the host, and Chromium finds *.localhost on this machine
  const config = SIMPLE_CONFIG.replace('"{{oss}}"', '"http://localhost:{{ossPort}}"');
  broker = await startTestBroker({
    config: `${config}cors: { origins: ["http://localhost:${port}"] }\n`,
    corsOrigins: [`http://localhost:${port}`],
    longestSessionSeconds: 8,
  });
  browser = await startBrowser();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await broker?.close();
  pages?.close();
  rmSync(folder, { recursive: true });
});

/** Runs a script in a page, with what it imports. `clockAheadMs` is how wrong the clock of its device is. */
async function runInPage(body: string, { clockAheadMs = 0 } = {}) {
  const page: Page = await browser.newPage();
  const answers: string[] = [];
  page.on('response', (response) => {
    answers.push(`${response.status()} ${response.request().method()} ${response.url()}`);
  });
  await page.addInitScript(`{
    const RealDate = Date;
    globalThis.Date = class extends RealDate {
      constructor(...values) {
        super(...(values.length === 0 ? [Date.now()] : values));
      }
      static now() {
        return RealDate.now() + ${clockAheadMs};
      }
    };
  }`);
  await page.goto(`http://localhost:${port}/`);
  const seen: unknown = await page.evaluate(`(async () => {
    const { createCredentialSource, forAliOss, BrokerError } = await import('/client.js');
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const toSource = (options) => createCredentialSource({
      url: ${JSON.stringify(broker.url)},
      getSubjectToken: async () => ${JSON.stringify(await broker.issuer.token())},
      ...options,
    });
    ${body}
  })()`);
  await page.close();
  return { seen, answers };
}

const UPLOAD = `
  const source = toSource();
  const client = new OSS(await forAliOss(source));
  const { grant: { targets: [{ prefix }] }, accessKeyId, clockOffsetMs } = await source.get();
  const file = new Blob([new Uint8Array(1_000_000).fill(7)]);
  await client.multipartUpload(prefix + 'video.mp4', file, {
    partSize: 102_400, parallel: 3, progress: () => sleep(1800),
  });
  const listed = await client.listV2({ prefix, 'max-keys': '10' });
  return {
    sizes: listed.objects.map(({ size }) => size),
    isRefreshed: (await source.get()).accessKeyId !== accessKeyId,
    clockOffsetMs,
  };`;

describeInBrowser('the client kit in a page', () => {
  it.concurrent.each([
    ['right', 0],
    ['an hour ahead', 3_600_000],
    ['an hour behind', -3_600_000],
  ])(
    'uploads past the end of its credential, and lists, with a clock that is %s',
    async (_, ahead) => {
      const { seen, answers } = await runInPage(UPLOAD, { clockAheadMs: ahead });

      expect(seen).toMatchObject({ sizes: [1_000_000], isRefreshed: true });
      expect(answers.filter((answer) => !answer.startsWith('2'))).toEqual([]);
      // Date, which the broker lets the page read, is right to the second
      const { clockOffsetMs } = Object(seen);
      expect(Math.abs(clockOffsetMs + ahead)).toBeLessThan(1500);
    },
  );

  it('learns the time of the broker', async () => {
    const { seen } = await runInPage(`
      const { headers } = await fetch('${broker.url}/v1/credentials', {
        headers: { Authorization: 'Bearer ${await broker.issuer.token()}' },
      });
      return headers.get('date');`);

    expect(Math.abs(Date.parse(String(seen)) - Date.now())).toBeLessThan(5000);
  });

  it('says why it was refused', async () => {
    const { seen } = await runInPage(`
      const error = await toSource({ grant: 'another' }).get().catch((reason) => reason);
      return { ...error, isBrokerError: error instanceof BrokerError };`);

    const refused = broker.auditLines().find(({ decision }) => decision === 'refused');
    expect(seen).toMatchObject({
      isBrokerError: true,
      code: 'no_grant',
      status: 403,
      requestId: refused?.['requestId'],
    });
  });
});
