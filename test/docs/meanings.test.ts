/** What `explain` says of a reason is what the table of the operations page says. */
import { expect, it } from 'vitest';
import { MEANINGS } from '../../src/explain/meanings.ts';
import { namesInCell, rowsOf, sectionOf } from './sections.ts';

/** Without marks of Markdown. */
const toText = (cell: string) =>
  cell
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '')
    .trim();

it('each reason has the meaning of its row', () => {
  const rows = rowsOf(sectionOf('docs/operations.md', 'Reasons')).flatMap(
    ([, reasons = '', , meaning = '']) =>
      namesInCell(reasons).map((reason) => [reason, toText(meaning)] as const),
  );

  expect(Object.fromEntries(rows)).toEqual(MEANINGS);
});
