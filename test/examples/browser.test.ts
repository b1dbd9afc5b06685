/** The page of `examples/browser` in a real Chromium: a user signs in, drops files, and meets a refusal. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../docs/pages.ts';
import { describeInBrowser, startBrowser } from '../support/browser.ts';
import { freePort } from '../support/bundle.ts';
import { type RunningDev, startDev } from '../support/dev.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
};
const PERMITTED = 'permissions:=["upload:files"]';

let packageFolder: string;
let dev: RunningDev;
let pages: Server;
let browser: Browser;
let origin = '';

/** A file of the example as a web server has it. Only the config is that of the operator of this test. */
function read(path: string): Buffer | string {
  if (path === '/config.js') {
    return `export const BROKER_URL = '${dev.brokerUrl}';
      export const GRANT = 'user-files';
      export const ISSUER = '${dev.issuersUrl}/auth0';
      export const CLIENT_ID = 'page';`;
  }
  const [, file = ''] = /^\/node_modules\/oss-token-broker\/(.*)$/.exec(path) ?? [];
  if (file !== '') return readFileSync(join(packageFolder, file));
  if (path.startsWith('/node_modules/')) return readFileSync(join(ROOT, path));
  return readFileSync(join(ROOT, 'examples/browser', path === '/' ? 'index.html' : path));
}

describeInBrowser('the page that uploads', () => {
  beforeAll(async () => {
    packageFolder = mkdtempSync(join(tmpdir(), 'example-browser-'));
    execFileSync(process.execPath, ['--import', 'tsx', 'tools/build-package.ts', packageFolder], {
      cwd: ROOT,
    });
    const port = await freePort();
    origin = `http://localhost:${port}`;
    dev = await startDev(['examples/auth0-app.yaml', '--origin', origin]);
    pages = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', origin);
      try {
        const type = TYPES[extname(pathname)] ?? 'text/html; charset=utf-8';
        response.setHeader('content-type', type).end(read(pathname));
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => pages.listen(port, '127.0.0.1', resolve));
    browser = await startBrowser();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await dev?.close();
    pages?.close();
    rmSync(packageFolder, { recursive: true, force: true });
  });

  /** Opens the page and signs in with these claims, one to a line. */
  async function signIn(claims: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 900, height: 760 } });
    await page.goto(origin);
    await page.click('text=Sign in');
    await page.fill('textarea', claims);
    await page.click('button');
    await page.waitForURL(`${origin}/`);
    return page;
  }

  const drop = (page: Page, name: string, size: number) =>
    page.evaluate<undefined>(`{
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(${size})], ${JSON.stringify(name)}));
      for (const type of ['dragover', 'drop']) {
        document.getElementById('drop').dispatchEvent(
          new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }),
        );
      }
    }`);

  const uploaded = (page: Page, count: number) =>
    page.waitForFunction(
      `[...document.querySelectorAll('#uploads li span')]
        .filter((state) => state.textContent === 'uploaded').length === ${count}`,
    );

  const listed = (page: Page) => page.locator('#list tr').allInnerTexts();

  it('signs a user in, uploads what is chosen and dropped, and lists it', async () => {
    const page = await signIn(`sub=auth0|ann\n${PERMITTED}`);
    await page.waitForSelector('#files:not([hidden])');
    await page.setInputFiles('#choose', [
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') },
    ]);
    await uploaded(page, 1);
    await drop(page, 'holiday <1>.mp4', 3_000_000);
    await uploaded(page, 2);
    await page.waitForFunction("document.querySelectorAll('#list tr').length === 2");

    expect(await listed(page)).toEqual(['holiday <1>.mp4\t3,000,000 B', 'notes.txt\t5 B']);
    expect(await page.locator('progress').first().getAttribute('value')).toBe('1');
    expect(await page.isHidden('#problem')).toBe(true);
    expect(page.url()).toBe(`${origin}/`);
    // what is in the store of the browser can be stolen
    expect(await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })')).toBe(
      '{}',
    );
    mkdirSync(join(ROOT, 'dist'), { recursive: true });
    await page.screenshot({ path: join(ROOT, 'dist/example-browser.png') });
    await page.close();
  });

  it('shows another user nothing of these files', async () => {
    const page = await signIn(`sub=auth0|bob\n${PERMITTED}`);
    await page.waitForSelector('#files:not([hidden])');

    expect(await listed(page)).toEqual([]);
    await page.close();
  });

  it('says to a user without the permission that they may not upload', async () => {
    const page = await signIn('sub=auth0|eve');
    await page.waitForSelector('#problem:not([hidden])');

    expect(await page.textContent('#problem')).toBe('You may not upload files here.');
    expect(await page.isHidden('#files')).toBe(true);
    await page.screenshot({ path: join(ROOT, 'dist/example-browser-refused.png') });
    await page.close();
  });
});
