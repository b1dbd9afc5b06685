/** The fault matrix: each test reports what was seen, and the README must say exactly that. */
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

export const README = fileURLToPath(new URL('../../README.md', import.meta.url));
export const BEGIN = '<!-- faults:begin -->';
export const END = '<!-- faults:end -->';

/** Whether this run writes the README instead of comparing with it. */
const isWriting = process.env['WRITE_FAULTS'] === '1';

/** Adds the row to the report of this run, and compares it with the README unless this run writes it. */
export function showInReadme(task: { readonly meta: object }, row: FaultRow): void {
  Object.assign(task.meta, { fault: row });
  if (isWriting) return;
  const lines = readFileSync(README, 'utf8').split('\n');
  const table = lines.slice(lines.indexOf(BEGIN) + 1, lines.indexOf(END));
  const shown = table.find((line) => line.startsWith(`| ${row.fault} |`));
  expect(shown, 'README.md, section Faults: `npm run faults` writes it').toBe(formatRow(row));
}

/** One line of a Markdown table. */
export function formatRow({ fault, promise, seen }: FaultRow): string {
  return `| ${fault} | ${promise} | ${seen} |`;
}
