/** The walk of an app developer: from the sign-in to an upload with progress, in a real Chromium. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser, startBrowser } from '../support/browser.ts';
import { freePort } from '../support/bundle.ts';
import { type RunningDev, startDev } from '../support/dev.ts';
import { appModules } from './app-walk.ts';
import { PAGES, ROOT } from './pages.ts';

const SDK = readFileSync(`${ROOT}node_modules/ali-oss/dist/aliyun-oss-sdk.min.js`);
const CREDENTIAL_SECONDS = 6;
const HTML = `<!doctype html>
<script src="/ali-oss.js"></script>
<script type="importmap">{ "imports": { "ali-oss": "/ali-oss.mjs" } }</script>
<script type="module" src="/walk.mjs"></script>`;

let dev: RunningDev;
let pages: Server;
let browser: Browser;
let origin = '';

describeInBrowser('an app that does the steps of docs/apps.md', () => {
  beforeAll(async () => {
    const port = await freePort();
    origin = `http://localhost:${port}`;
    const options = ['--origin', origin, '--credential-seconds', String(CREDENTIAL_SECONDS)];
    dev = await startDev(options);
    const modules: Readonly<Record<string, string | Buffer>> = {
      ...appModules({
        brokerUrl: dev.brokerUrl,
        issuer: `${dev.issuersUrl}/app`,
        clientId: 'page',
      }),
      '/ali-oss.js': SDK,
      '/ali-oss.mjs': 'export default globalThis.OSS;',
    };
    pages = createServer((request, response) => {
      const content = modules[request.url ?? ''];
      response.setHeader('content-type', content === undefined ? 'text/html' : 'text/javascript');
      response.end(content ?? HTML);
    });
    await new Promise<void>((resolve) => pages.listen(port, '127.0.0.1', resolve));
    browser = await startBrowser();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await dev?.close();
    pages?.close();
  });

  /** A page in a profile of its own, at the form of the issuer. */
  async function openForm(): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    await page.goto(origin);
    await page.waitForURL((url) => url.href.startsWith(dev.issuersUrl));
    return page;
  }

  it('signs in, uploads, shows progress, lists and refreshes', async () => {
    const page = await openForm();
    let asked = 0;
    page.on('response', (response) => {
      const isGranted = response.request().method() === 'GET' && response.status() === 200;
      if (isGranted && response.url().startsWith(`${dev.brokerUrl}/v1/credentials`)) asked += 1;
    });
    await page.getByLabel('Claims').fill('sub=42');
    await page.getByRole('button').click();
    await page.waitForFunction('globalThis.walked');
    const before = asked;

    expect(await page.evaluate('walked')).toMatchObject({
      prefix: 'users/42/',
      progress: 1,
      listed: [
        { name: 'holiday.mp4', size: 300_000 },
        { name: 'video.mp4', size: 300_000 },
      ],
    });
    // the code is good for one use, so it does not stay in the address
    expect(page.url()).toBe(`${origin}/`);
    expect(before).toBeGreaterThan(0);
    await sleep((CREDENTIAL_SECONDS + 1) * 1000);
    expect(await page.evaluate('walked.again()')).toBe('uploaded');
    expect(asked).toBeGreaterThan(before);
  }, 60_000);

  it('refuses to come back from a sign-in that it did not begin', async () => {
    // this browser has begun a sign-in of its own, and is then led to a link with another code
    const page = await openForm();
    const failed = page.waitForEvent('pageerror');
    await page.goto(`${origin}/?code=of-an-attacker&state=x`);

    expect((await failed).message).toBe('another page began this sign-in');
    expect(page.url()).toBe(`${origin}/`);
  });

  it('is told the client ID of npm run dev', () => {
    const text = PAGES.find(({ path }) => path === 'docs/apps.md')?.text;

    expect(text).toContain('Its client ID is `page`');
  });
});
