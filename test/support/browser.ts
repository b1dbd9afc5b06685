/** A real Chromium without a window, for tests of what a page can do. */
import { type Browser, chromium } from 'playwright-core';
import { describe, inject } from 'vitest';

/** Like `describe`, and skipped where there is no Chromium; `npm test` ends with a line that says so. */
export const describeInBrowser = describe.skipIf(inject('chromium') === null);

/** Starts Chromium with a profile of its own. Close it when done. */
export async function startBrowser(): Promise<Browser> {
  const program = inject('chromium');
  if (!program) throw new Error('Chromium is looked for if the test file itself imports this one');
  return chromium.launch({
    executablePath: program.path,
    env: { ...process.env, ...program.environment },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
