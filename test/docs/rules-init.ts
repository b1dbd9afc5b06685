/** The page of `init`: its walk, from no file to a credential. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { createCli } from '../support/cli.ts';
import { startDev } from '../support/dev.ts';
import { blockWith } from './pages.ts';
import type { Rule } from './rules.ts';
import { runShell } from './shell.ts';

const PAGE = 'docs/init.md';

const files: Rule = {
  name: 'runs of init and check, and what they print',
  covers: ({ page, language, text }) =>
    page === PAGE && language === 'sh' && text.startsWith('oss-token-broker init'),
  async check({ text }) {
    const cli = await createCli();
    try {
      const run = await runShell(text, {
        real: ['node'],
        programs: { 'oss-token-broker': cli.path },
      });

      expect(run.code).toBe(0);
      expect(run.stdout).toBe(blockWith(PAGE, 'text', 'written').text);
    } finally {
      await cli.close();
    }
  },
};

const output: Rule = {
  name: 'what the runs before it print, which they compare',
  covers: ({ page, language, text }) =>
    page === PAGE && language === 'text' && text.includes('written'),
  check: () => undefined,
};

const exchange: Rule = {
  name: 'a token for the new config, and a credential for it',
  covers: ({ page, language, text }) =>
    page === PAGE && language === 'sh' && text.includes('dev:token'),
  async check({ text }) {
    const cli = await createCli();
    try {
      const made =
        blockWith(PAGE, 'sh', 'init auth0').text.split('oss-token-broker check')[0] ?? '';
      const args = made.replaceAll('\\\n', '').trim().split(/\s+/).slice(1);
      expect(await cli.run(args)).toMatchObject({ code: 0 });
      const dev = await startDev([join(cli.folder, 'my-broker/broker.yaml')]);
      try {
        const [, items = ''] = /dev:token -- '([^']+)'/.exec(text) ?? [];
        const answer = await dev.ask(await dev.printToken(items));

        expect(text).toContain('/v1/credentials');
        expect(answer).toMatchObject({
          StatusCode: 200,
          Grant: { Targets: [{ Target: 'oss://app-media/users/auth0|42/' }] },
        });
      } finally {
        await dev.close();
      }
    } finally {
      await cli.close();
    }
  },
};

export const INIT_RULES: readonly Rule[] = [files, output, exchange];
