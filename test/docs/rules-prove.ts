/** The page of `prove`: the commands run as they stand, and print what the page shows. */
import { expect } from 'vitest';
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { checkAssertions } from '../../src/prove/check-assertions.ts';
import { createCli } from '../support/cli.ts';
import { type Block, blocksOf, blockWith } from './pages.ts';
import type { Rule } from './rules.ts';
import { runShell, syntaxProblem } from './shell.ts';

const PAGE = 'docs/prove.md';

const config = () => blockWith(PAGE, 'yaml', 'region:').text;

const load = (text: string) =>
  loadConfig({ text, file: 'broker.yaml', environment: {}, checkAssertions });

const command: Rule = {
  name: 'a question of prove that prints the next block',
  covers: ({ page, language }) => page === PAGE && language === 'sh',
  async check(block) {
    const cli = await createCli();
    const next = config().replace('in: [drop, users/partner]', 'in: [drop]');
    expect(next).not.toBe(config());
    expect(syntaxProblem(block.text)).toBe('');
    const { code, stdout, stderr } = await runShell(block.text, {
      real: ['node'],
      programs: { 'oss-token-broker': cli.path },
      files: { 'broker.yaml': config(), 'new.yaml': next },
    });
    await cli.close();

    expect(stderr).toBe('');
    expect(stdout).toBe(blockAfter(block, 'text')?.text);
    expect(code).toBe(block.text.includes('prove diff') ? 6 : 0);
  },
};

/** The next block of the page, if it is of this language. */
function blockAfter({ line }: Block, language: string): Block | undefined {
  const after = ['sh', 'text', 'yaml']
    .flatMap((one) => blocksOf(PAGE, one))
    .filter((other) => other.line > line)
    .sort((a, b) => a.line - b.line);
  return after[0]?.language === language ? after[0] : undefined;
}

const questioned: Rule = {
  name: 'the config that the questions are about, with an overlap that the page is about',
  covers: ({ page, language, text }) =>
    page === PAGE && language === 'yaml' && text.startsWith('region:'),
  check({ text }) {
    const messages = load(text).warnings.map(({ message }) => message);
    expect(messages.filter((one) => one.includes('shares a place with'))).toHaveLength(1);
  },
};

const assertions: Rule = {
  name: 'assertions that hold, or that break as the next block says',
  covers: ({ page, language, text }) =>
    page === PAGE && language === 'yaml' && text.startsWith('assert:'),
  check(block) {
    const expected = blockAfter(block, 'text');
    const text = config() + block.text;
    if (expected === undefined) {
      expect(load(text).config).toEqual(load(config()).config);
      return;
    }
    try {
      load(text);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(`${error.message}\n`).toBe(expected.text);
      return;
    }
    throw new Error('the assertion holds');
  },
};

const output: Rule = {
  name: 'what the command or the assertion before it prints',
  covers: ({ page, language }) => page === PAGE && language === 'text',
  check: (block) => {
    const owners = ['sh', 'yaml']
      .flatMap((language) => blocksOf(PAGE, language))
      .filter((one) => blockAfter(one, 'text')?.line === block.line);
    expect(owners).toHaveLength(1);
  },
};

export const PROVE_RULES: readonly Rule[] = [command, questioned, assertions, output];
