/** The page of `check`: each rule finds the first config of its section and not the second, and the walk is what the program prints. */
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { checkConfig } from '../../src/check/check-config.ts';
import { ALL_RULES } from '../../src/check/rules.ts';
import { createCli } from '../support/cli.ts';
import { completeConfig } from './configs.ts';
import { type Block, blockWith, PAGES } from './pages.ts';
import type { Rule } from './rules.ts';

const PAGE = 'docs/check.md';

/** The title of the section that a block is in, and whether another YAML block is before it there. */
function placeOf({ line }: Block): { readonly section: string; readonly isFirst: boolean } {
  const page = PAGES.find(({ path }) => path === PAGE);
  const before = page?.text.split('\n').slice(0, line - 1) ?? [];
  const at = before.findLastIndex((text) => /^##+ /.test(text));
  const section = before[at]?.replace(/^#+ /, '') ?? '';
  return { section, isFirst: !before.slice(at).includes('```yaml') };
}

/** What stands on the page is completed, unless it is a whole config: then its comments and lines count. */
function checkBlock(block: Block) {
  const isWhole = block.text.startsWith('region:');
  const text = isWhole ? block.text : stringify(completeConfig(block));
  return checkConfig({ text, file: 'broker.yaml', environment: {} });
}

const example: Rule = {
  name: 'a config that its rule finds, or one to write instead',
  covers: (block) => block.page === PAGE && block.language === 'yaml',
  check(block) {
    const { section, isFirst } = placeOf(block);
    const { findings, silenced } = checkBlock(block);
    if (section === 'A walk') return;
    if (section === 'Silence a rule') {
      expect(findings).toEqual([]);
      expect(silenced).toHaveLength(1);
      return;
    }
    const { severity } = ALL_RULES.find(({ id }) => id === section) ?? {};
    if (isFirst)
      expect(findings).toContainEqual(expect.objectContaining({ rule: section, severity }));
    else expect(findings).toEqual([]);
  },
};

const walk: Rule = {
  name: 'a run of check, and what it prints',
  covers: ({ page, language, text }) =>
    page === PAGE && language === 'sh' && text.startsWith('oss-token-broker check'),
  async check({ text }) {
    const cli = await createCli();
    try {
      cli.file('broker.yaml', blockWith(PAGE, 'yaml', 'claim: repository,').text);
      const args = text.trim().split(' > ')[0]?.split(' ').slice(1) ?? [];
      const { code, stdout, stderr } = await cli.run(args);

      expect({ code, stderr }).toEqual({ code: 6, stderr: '' });
      if (args.includes('sarif')) expect(JSON.parse(stdout)).toMatchObject({ version: '2.1.0' });
      else if (args.includes('github')) expect(stdout).toMatch(/^::error file=broker\.yaml,/m);
      else expect(stdout).toBe(blockWith(PAGE, 'text', 'shared-issuer').text);
    } finally {
      await cli.close();
    }
  },
};

const output: Rule = {
  name: 'what a run of check prints, which the run before it compares',
  covers: ({ page, language, text }) =>
    page === PAGE && language === 'text' && text.includes('instead:'),
  check: () => undefined,
};

export const CHECK_RULES: readonly Rule[] = [example, walk, output];
