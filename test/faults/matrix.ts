/** The fault matrix: a test hands in what it has seen, and docs/operations.md must say just that. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export interface FaultRow {
  readonly fault: string;
  /** What the broker promises under the fault. */
  readonly promise: string;
  /** Made of counts, without times, so that every run gives the same text. */
  readonly seen: string;
}

export const PAGE = fileURLToPath(new URL('../../docs/operations.md', import.meta.url));
export const BEGIN = '<!-- faults:begin -->';
export const END = '<!-- faults:end -->';

/** Whether the page is being written from these tests, and not compared with them. */
const isWriting = process.env['WRITE_FAULTS'] === '1';

/** Keeps the row for the report of this run, and compares it with the page. */
export function showInTable(task: { readonly meta: object }, row: FaultRow): void {
  Object.assign(task.meta, { fault: row });
  if (isWriting) return;
  const lines = readFileSync(PAGE, 'utf8').split('\n');
  const table = lines.slice(lines.indexOf(BEGIN) + 1, lines.indexOf(END));
  const shown = table.find((line) => line.startsWith(`| ${row.fault} |`));
  expect(shown, 'docs/operations.md, section Faults: `npm run faults` writes it').toBe(
    formatRow(row),
  );
}

/** One line of a Markdown table. */
export function formatRow({ fault, promise, seen }: FaultRow): string {
  return `| ${fault} | ${promise} | ${seen} |`;
}
