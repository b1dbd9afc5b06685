/** The README's browser example in a real Chromium, with the ali-oss that a page loads. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningOss, startSimulatedOss } from '../../simulator/oss/server.ts';
import { letClockRun, passTime, stopClock } from '../faults/clock.ts';
import { describeInBrowser, startBrowser } from '../support/browser.ts';
import { freePort } from '../support/bundle.ts';
import { toModule } from './browser-snippet.ts';
import { blockWith, ROOT } from './pages.ts';
import { startWorld, type World } from './world.ts';

const SDK = readFileSync(`${ROOT}node_modules/ali-oss/dist/aliyun-oss-sdk.min.js`);
const MINUTE_MS = 60_000;
const VIDEO = 'users/42/video.mp4';

/** A page that finds `ali-oss` by its name, as a bundler would, and brings what the example leaves to it. */
const PAGE = `<!doctype html>
<script src="/ali-oss.js"></script>
<script type="importmap">{ "imports": { "ali-oss": "/ali-oss.mjs" } }</script>
<script>
  var getSubjectToken = () => fetch('/token').then((response) => response.text());
  var file = new Blob([new Uint8Array(1_500_000)]);
</script>`;

let world: World;
let oss: RunningOss;
let pages: Server;
let origin = '';
let browser: Browser;

async function answer(url: string | undefined): Promise<readonly [string, string | Buffer]> {
  switch (url) {
    case '/ali-oss.js':
      return ['text/javascript', SDK];
    case '/ali-oss.mjs':
      return ['text/javascript', 'export default globalThis.OSS;'];
    case '/example.mjs':
      return ['text/javascript', toModule(blockWith('README.md', 'js', 'OSS'), world.broker.url)];
    case '/token':
      return ['text/plain', await world.token('app')];
    default:
      return ['text/html', PAGE];
  }
}

describeInBrowser('the page of the README in Chromium', () => {
  beforeAll(async () => {
    stopClock();
    pages = createServer(async (request, response) => {
      const [type, content] = await answer(request.url);
      response.setHeader('content-type', type).end(content);
    });
    const pagesPort = await freePort();
    await new Promise<void>((resolve) => pages.listen(pagesPort, '127.0.0.1', resolve));
    origin = `http://localhost:${pagesPort}`;
    // the bucket goes before the host, and Chromium finds *.localhost on this machine
    const port = await freePort();
    world = await startWorld({
      bucket: { endpoint: `http://localhost:${port}` },
      corsOrigins: [origin],
    });
    oss = await startSimulatedOss({ cloud: world.broker.simulator.cloud, port });
    browser = await startBrowser();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await oss?.close();
    await world?.close();
    pages?.close();
    letClockRun();
  });

  /** Uploads once more through the example's client; what OSS or the broker says. */
  const upload = (page: Page) =>
    page.evaluate<string>(
      `import('/example.mjs')
        .then(({ client, prefix }) => client.put(prefix + 'note.txt', new Blob(['x'])))
        .then(() => 'uploaded', (error) => error.message)`,
    );

  it('uploads a file in parts, and goes on after its first credential', async () => {
    const page = await browser.newPage();
    await page.goto(origin);
    // the first use of the example uploads its file
    expect(await upload(page)).toBe('uploaded');
    expect(world.broker.stsCalls()).toBe(1);

    for (let refreshed = 0; refreshed < 3; refreshed += 1) {
      passTime(13 * MINUTE_MS);
      await page.clock.setFixedTime(Date.now());
      expect(await upload(page)).toBe('uploaded');
    }
    expect(world.broker.stsCalls()).toBe(4);
    const parts = oss.calls.filter(({ method, key }) => method === 'PUT' && key === VIDEO);
    expect(parts.map(({ status }) => status)).toEqual([200, 200]);
    await page.close();
  });
});
