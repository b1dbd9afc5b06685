/** Steps on the pages of `setup` and `doctor`, which tests do one after the other. */
import { expect } from 'vitest';
import type { Rule } from './rules.ts';
import { syntaxProblem } from './shell.ts';

const step: Rule = {
  name: 'a step of the walk of setup or doctor, or what it prints',
  covers: ({ page, language }) =>
    ['docs/setup.md', 'docs/doctor.md'].includes(page) && ['sh', 'text'].includes(language),
  check({ language, text }) {
    if (language === 'sh') expect(syntaxProblem(text)).toBe('');
    else expect(text).not.toBe('');
  },
};

export const SETUP_RULES: readonly Rule[] = [step];
