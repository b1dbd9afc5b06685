/** The page of `probe`: its file of probes runs against the broker of the pages, and prints what the page shows. */
import { expect } from 'vitest';
import { createCli } from '../support/cli.ts';
import { blockWith } from './pages.ts';
import type { Rule } from './rules.ts';
import { runShell, syntaxProblem } from './shell.ts';

const PAGE = 'docs/probe.md';

const walk: Rule = {
  name: 'a probe of the broker that is as expected, and that notices a wider grant',
  covers: ({ page, language }) => page === PAGE && language === 'sh',
  async check(block, { broker, token }) {
    const cli = await createCli();
    const probes = blockWith(PAGE, 'yaml', 'probes:').text.replace(
      'https://broker.example.com',
      broker.url,
    );
    const jwt = await token('app');
    const run = (file: string) =>
      runShell(block.text, {
        real: ['node'],
        programs: { 'oss-token-broker': cli.path },
        files: { 'probes.yaml': file, 'user-42.jwt': jwt },
      });
    const good = await run(probes);
    const narrower = await run(probes.replace('[read, write, list]', '[read]'));
    await cli.close();

    expect(syntaxProblem(block.text)).toBe('');
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toBe(blockWith(PAGE, 'text', 'as expected').text);
    expect(narrower.code).toBe(6);
    expect(narrower.stdout).toContain('with read, got list, read, write');
  },
};

const parts: Rule = {
  name: 'a part of the walk of probe',
  covers: ({ page, language, text }) =>
    page === PAGE && ((language === 'yaml' && text.includes('probes:')) || language === 'text'),
  check(block) {
    expect([blockWith(PAGE, 'yaml', 'probes:'), blockWith(PAGE, 'text', '')]).toContain(block);
  },
};

export const PROBE_RULES: readonly Rule[] = [walk, parts];
