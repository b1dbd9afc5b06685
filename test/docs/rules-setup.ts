/** Steps on the page of `setup`, which a test does one after the other. */
import { expect } from 'vitest';
import type { Rule } from './rules.ts';
import { syntaxProblem } from './shell.ts';

const step: Rule = {
  name: 'a step of the walk of setup, or what it prints',
  covers: ({ page, language }) => page === 'docs/setup.md' && ['sh', 'text'].includes(language),
  check({ language, text }) {
    if (language === 'sh') expect(syntaxProblem(text)).toBe('');
    else expect(text).not.toBe('');
  },
};

export const SETUP_RULES: readonly Rule[] = [step];
