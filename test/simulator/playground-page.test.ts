/** The page of the playground in Chromium: by keyboard alone, in both colour schemes, without an error. */
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser, startBrowser } from '../support/browser.ts';
import {
  PLAYGROUND_CONFIG,
  startTestPlayground,
  type TestPlayground,
} from '../support/playground.ts';

let browser: Browser;
let playground: TestPlayground;

interface Opened {
  readonly page: Page;
  /** What went wrong in the page. A refusal of OSS is none, though Chromium writes it to the console. */
  readonly errors: string[];
}

async function open(
  options: { readonly colorScheme?: 'light' | 'dark'; readonly width?: number } = {},
): Promise<Opened> {
  const { colorScheme = 'light', width = 1400 } = options;
  const page = await browser.newPage({
    colorScheme,
    reducedMotion: 'reduce',
    viewport: { width, height: 900 },
  });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const isRefusalOfOss =
      /status of 40[34]/.test(message.text()) && /\.localhost:\d+\//.test(message.location().url);
    if (!isRefusalOfOss) errors.push(`${message.text()} ${message.location().url}`);
  });
  await page.goto(playground.url);
  await page.waitForSelector('[data-state=ready]');
  return { page, errors };
}

const textOf = async (page: Page, selector: string) =>
  ((await page.locator(selector).textContent()) ?? '').trim().replace(/\s+/g, ' ');
const waitForText = (page: Page, selector: string, text: string) =>
  page.locator(selector).filter({ hasText: text }).waitFor({ timeout: 10_000 });

/** What axe finds, by rule and element. */
async function violationsIn(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found: readonly string[] = await page.evaluate(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ' ' + target.join(' '))))`);
  return found;
}

describeInBrowser('the playground in Chromium', () => {
  beforeAll(async () => {
    playground = await startTestPlayground();
    browser = await startBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await playground?.close();
  });

  it('can be walked by keyboard alone: another caller, a refusal, an upload', async () => {
    const { page, errors } = await open();
    /** Presses Tab until the element has the focus, as somebody without a mouse does. */
    const tabTo = async (selector: string) => {
      for (let presses = 0; presses < 80; presses += 1) {
        await page.keyboard.press('Tab');
        const isThere = await page.evaluate(
          `document.activeElement.matches(${JSON.stringify(selector)})`,
        );
        if (isThere) return;
      }
      throw new Error(`Tab does not lead to ${selector}`);
    };

    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the decision');
    expect(await page.locator('.skip').isVisible()).toBe(true);

    // Tab leaves the editor again
    await tabTo('#config');
    await tabTo('#caller');
    const outline = await page.evaluate(
      'getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth',
    );
    expect(outline).toBe('solid3px');
    await page.keyboard.type('bob, for user');
    await waitForText(page, '#steps', 'subject bob');

    await tabTo('#neighbour-key');
    await page.keyboard.press('Enter');
    await tabTo('button[value=put]');
    await page.keyboard.press('Enter');
    await waitForText(page, '#verdict', 'OSS refuses: 403 AccessDenied');
    expect(await textOf(page, '#verdict')).toContain('put oss://app-media/teams/hello.txt');

    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    expect(await page.evaluate('document.activeElement.id')).toBe('own-key');
    await page.keyboard.press('Enter');
    await tabTo('button[value=put]');
    await page.keyboard.press('Enter');
    await waitForText(page, '#verdict', 'OSS allows it.');
    expect(await textOf(page, '#verdict')).toContain('put oss://app-media/users/bob/hello.txt');
    expect(errors).toEqual([]);
    await page.close();
  });

  it('allows an upload below the own prefix, and OSS refuses the neighbour’s', async () => {
    const { page, errors } = await open();
    const run = async (name: string, key: string) => {
      await page.fill('#key', key);
      await page.click(`button[value=${name}]`);
      await waitForText(page, '#verdict', `${name} oss://app-media/${key} OSS `);
      return textOf(page, '#verdict span');
    };

    await page.fill('#content', 'by Alice');
    expect(await run('put', 'users/alice/new/note.txt')).toBe('OSS allows it. It is stored.');
    expect(await run('get', 'users/alice/new/note.txt')).toBe('OSS allows it. by Alice');
    expect(await run('list', 'users/alice/new/')).toContain('users/alice/new/note.txt');
    for (const [name, key] of [
      ['put', 'users/bob/note.txt'],
      ['get', 'users/bob/hello.txt'],
      ['list', 'users/bob/'],
      ['list', 'users/'],
      // the grant allows no deletion
      ['delete', 'users/alice/new/note.txt'],
    ] as const) {
      expect(await run(name, key)).toContain('OSS refuses: 403 AccessDenied, EC 0003-');
    }
    // what was uploaded is in the tree
    expect(await textOf(page, '#tree')).toContain('note.txt');
    expect(errors).toEqual([]);
    await page.close();
  });

  it('shows each problem of the config at its line while it is typed, and recovers', async () => {
    const { page, errors } = await open();
    await page.fill('#config', PLAYGROUND_CONFIG.replace('[read, list]', '[raed, list]'));
    await waitForText(page, '#config-state', '1 problem');

    expect(await textOf(page, '#problems')).toBe(
      'Line 22 grants[1].allow[0].permissions[0]: must be read, write, list or delete',
    );
    expect(await textOf(page, '#gutter .wrong')).toBe('● 22');
    expect(await page.getAttribute('#config', 'aria-invalid')).toBe('true');
    expect(await textOf(page, '#outcome')).toContain('The config does not load.');
    await page.click('#problems button');
    expect(
      await page.evaluate(
        'document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)',
      ),
    ).toBe('raed, list] }');

    await page.fill('#config', PLAYGROUND_CONFIG.replaceAll('app-media', 'edited-media'));
    await waitForText(page, '#config-state', 'It loads');
    await waitForText(page, '#tree', 'edited-media');
    expect(await page.locator('#problems .problem').count()).toBe(0);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('explains a refusal: which step, what each condition saw, and that nothing is open', async () => {
    const { page, errors } = await open();
    await page.selectOption('#grant', 'team-files');
    await page.fill('#claims', '{ "sub": "alice", "plan": "free" }');
    await waitForText(page, '#steps', 'saw "free"');

    expect(await textOf(page, '#outcome')).toBe('✕ Refused: grant_not_available');
    const step = await textOf(page, '.step.refused');
    expect(step).toContain('Match the grant');
    expect(step).toContain('does not hold: "plan" in ["pro","team"] saw "free"');
    expect(await textOf(page, '#told')).toContain('"code": "no_grant"');
    expect(await page.locator('td.yes').count()).toBe(0);
    await page.click('button[value=get]');
    await waitForText(page, '#verdict', 'There is no credential');

    await page.fill('#claims', '{ "sub": ');
    await waitForText(page, '#claims-problem', '✕');
    expect(errors).toEqual([]);
    await page.close();
  });

  it('shows no claim or key as HTML', async () => {
    const { page, errors } = await open();
    await page.fill('#claims', '{ "sub": "<img src=x onerror=document.title=1>", "plan": "<b>" }');
    await waitForText(page, '#steps', 'saw "<b>"');
    await page.selectOption('#caller', { label: 'alice, for user-files' });
    await waitForText(page, '#outcome', 'Granted');
    await expect.poll(() => page.inputValue('#key')).toBe('users/alice/hello.txt');
    await page.fill('#key', 'users/alice/<b>bold</b>');
    await page.click('button[value=put]');
    await waitForText(page, '#tree', '<b>bold<');

    expect(await page.locator('main b, main img').count()).toBe(0);
    expect(errors).toEqual([]);
    await page.close();
  });

  it.each(['light', 'dark'] as const)('has nothing that axe finds, in %s', async (colorScheme) => {
    const { page, errors } = await open({ colorScheme });
    expect(await violationsIn(page)).toEqual([]);

    await page.click('#neighbour-key');
    await page.click('button[value=get]');
    await waitForText(page, '#verdict', 'OSS refuses');
    await page.selectOption('#caller', { label: 'alice, for team-files' });
    await waitForText(page, '#steps', 'the grant team-files');
    expect(await violationsIn(page)).toEqual([]);

    await page.selectOption('#grant', '');
    await waitForText(page, '#outcome', 'ambiguous_grant');
    await page.fill('#claims', '{');
    await page.fill('#config', PLAYGROUND_CONFIG.replace('audiences', 'audience'));
    await waitForText(page, '#config-state', '2 problems');
    expect(await violationsIn(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('fits a narrow screen', async () => {
    const { page } = await open({ width: 360 });

    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(await violationsIn(page)).toEqual([]);
    await page.close();
  });
});
