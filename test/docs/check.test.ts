/** docs/check.md has every rule: a row, a section whose anchor is the id, and two configs. */
import { expect, it } from 'vitest';
import { ALL_RULES } from '../../src/check/rules.ts';
import { PAGES } from './pages.ts';
import { sectionOf } from './sections.ts';

const PAGE = 'docs/check.md';
const page = PAGES.find(({ path }) => path === PAGE);

it('lists every rule with its severity and what it finds', () => {
  const rows = sectionOf(PAGE, 'Rules')
    .split('\n')
    .filter((line) => line.startsWith('| ['));

  expect(rows).toEqual(
    ALL_RULES.map(
      ({ id, severity, summary }) => `| [\`${id}\`](#${id}) | ${severity} | ${summary} |`,
    ),
  );
});

it('has a section for each rule, in the same order, with a config that it finds and another one', () => {
  const sections = page?.text.split(/^### /m).slice(1) ?? [];

  expect(sections.map((text) => text.split('\n')[0])).toEqual(ALL_RULES.map(({ id }) => id));
  expect(sections.map((text) => text.split('```yaml').length - 1)).toEqual(sections.map(() => 2));
});
