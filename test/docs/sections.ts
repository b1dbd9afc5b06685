/** Sections of the pages and what their tables name. */
import { PAGES } from './pages.ts';

/** The text below a heading of the second level. */
export function sectionOf(path: string, title: string): string {
  const { text = '' } = PAGES.find((page) => page.path === path) ?? {};
  const [, after = ''] = text.split(`\n## ${title}\n`);
  return after.split('\n## ')[0] ?? '';
}

/** The cells of each row of a section's tables, after the head. The first one is before the first line. */
export function rowsOf(section: string): readonly (readonly string[])[] {
  return section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split(/(?<!\\)\|/));
}

/** What stands in backticks. */
export function namesInCell(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

/** What stands in backticks in one column of a section's tables. */
export function namesIn(section: string, column: number): readonly string[] {
  return rowsOf(section).flatMap((cells) => namesInCell(cells[column] ?? ''));
}
