/** Looks for the programs that the chosen tests start, builds the bundle if they need it, and sees to it that no test is skipped unsaid. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { Bundle } from '../support/bundle.ts';
import { buildBundle } from './build-bundle.ts';
import { findChromium } from './chromium.ts';
import type { Program } from './program.ts';
import { findPromtool } from './promtool.ts';
import { findRedisServer } from './redis-server.ts';
import { findShell } from './shell.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** null where there is none. It is not there at all if it was not looked for. */
    redisServer: Program | null;
    chromium: Program | null;
    promtool: Program | null;
    bash: Program | null;
    zsh: Program | null;
    dash: Program | null;
    /** It is not there if no chosen test needs it. */
    bundle: Bundle;
  }
}

const NEEDED = [
  {
    key: 'redisServer',
    name: 'redis-server',
    importedAs: 'support/redis.ts',
    find: findRedisServer,
    howToGetIt: 'Install it (apt-get install redis-server), or set REDIS_SERVER to where it is.',
  },
  {
    key: 'chromium',
    name: 'Chromium',
    importedAs: 'support/browser.ts',
    find: findChromium,
    howToGetIt: 'Install it (apt-get install chromium), or set CHROMIUM to where it is.',
  },
  {
    key: 'promtool',
    name: 'promtool',
    importedAs: 'support/promtool.ts',
    find: findPromtool,
    howToGetIt: 'Install it (apt-get install prometheus), or set PROMTOOL to where it is.',
  },
  ...(['bash', 'zsh', 'dash'] as const).map((name) => ({
    key: name,
    name,
    importedAs: 'support/interactive-shell.ts',
    find: () => findShell(name),
    howToGetIt: `Install it (apt-get install ${name}).`,
  })),
] as const;

/** What a test file imports if it starts the bundle. */
const STARTS_BUNDLE = ['support/built-bundle.ts', 'support/monitored.ts', './black-box.ts'];

/** With SKIP_NOTHING=1, a test that cannot run fails the run. */
const mayNotSkip = process.env['SKIP_NOTHING'] === '1';

/** Vitest calls it once, before any test, and calls what it returns after all of them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const files = project.vitest.state.getPaths();
  const missing: string[] = [];
  for (const { key, name, importedAs, find, howToGetIt } of NEEDED) {
    const users = files.filter((file) => isImporting(file, [importedAs]));
    if (users.length === 0) continue;
    try {
      project.provide(key, await find());
    } catch (error) {
      project.provide(key, null);
      const tests = users.map((file) => relative(project.config.root, file)).join(', ');
      const reason = error instanceof Error ? error.message : String(error);
      const line = `NOT TESTED: ${tests}: there is no ${name}: ${reason}. ${howToGetIt}`;
      missing.push(line.replace(/\s+/g, ' '));
    }
  }
  if (mayNotSkip && missing.length > 0) throw new Error(missing.join('\n'));

  const built = files.some((file) => isImporting(file, STARTS_BUNDLE))
    ? await buildBundle()
    : undefined;
  if (built !== undefined) project.provide('bundle', built.bundle);

  return async () => {
    await built?.remove();
    for (const line of missing) process.stderr.write(`${line}\n`);
    if (mayNotSkip) failIfSkipped(project);
    else countSkipped(project);
  };
}

function isImporting(file: string, modules: readonly string[]): boolean {
  const text = readFileSync(file, 'utf8');
  return modules.some((module) => text.includes(`${module}'`));
}

/** One line for all skips: those that no line above explains need bash, curl or jq. */
function countSkipped(project: TestProject): void {
  const files = project.vitest.state
    .getTestModules()
    .map((file) => ({
      name: file.relativeModuleId,
      skipped: [...file.children.allTests('skipped')].length,
    }))
    .filter(({ skipped }) => skipped > 0);
  // a name pattern on the command line skips the rest on purpose
  if (files.length === 0 || project.config.testNamePattern !== undefined) return;
  const count = files.reduce((sum, { skipped }) => sum + skipped, 0);
  const names = files.map(({ name }) => name).join(', ');
  process.stderr.write(
    `NOT TESTED: ${count} tests were skipped, in ${names}. Install bash, curl and jq, and what the lines above name.\n`,
  );
}

function failIfSkipped(project: TestProject): void {
  for (const file of project.vitest.state.getTestModules()) {
    for (const test of file.children.allTests('skipped')) {
      process.stderr.write(`SKIPPED: ${file.relativeModuleId}: ${test.fullName}\n`);
      process.exitCode = 1;
    }
  }
}
