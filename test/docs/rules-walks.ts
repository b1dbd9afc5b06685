/** Steps on the pages for a partner and for an app developer, which tests do one after the other. */
import { transformSync } from 'esbuild';
import { expect } from 'vitest';
import { STEPS as APP_STEPS } from './app-walk.ts';
import { STEPS as PARTNER_STEPS } from './partner-walk.ts';
import type { Rule } from './rules.ts';
import { syntaxProblem } from './shell.ts';

const WALKED = [...Object.values(PARTNER_STEPS), ...Object.values(APP_STEPS)];

const step: Rule = {
  name: 'a step of a walk',
  covers: ({ page, language }) =>
    ['docs/partners.md', 'docs/apps.md'].includes(page) && ['js', 'sh'].includes(language),
  check(block) {
    expect(WALKED).toContain(block);
    if (block.language === 'sh') expect(syntaxProblem(block.text)).toBe('');
    else expect(transformSync(block.text, { loader: 'js' }).warnings).toEqual([]);
  },
};

export const WALK_RULES: readonly Rule[] = [step];
