/** What was measured, as Markdown tables. */
import { type Goal, ratioOf } from './goals.ts';
import type { MemoryAfter } from './memory.ts';
import type { Measured } from './row.ts';

/** One table for the rows of a group. Ratios are to rows of the same group. */
export function rowsTable(rows: readonly Measured[]): string {
  const lines = rows.map((row) => [
    row.name,
    row.answersPerSecond.toFixed(0),
    row.p50Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    row.cpuUs.toFixed(1),
    row.cpuUsRange.map((us) => us.toFixed(0)).join('-'),
    formatRatio(ratioTo(rows, row, 'node:http')),
    formatRatio(ratioTo(rows, row, 'hono + jose')),
    row.clientCpuUs.toFixed(1),
    row.residentMiB.toFixed(0),
  ]);
  return table(
    [
      'row',
      'answers/s',
      'p50 ms',
      'p99 ms',
      'CPU µs',
      'from-to',
      'to node:http',
      'to hono + jose',
      'client µs',
      'MiB',
    ],
    lines,
  );
}

export function goalsTable(goals: readonly Goal[]): string {
  return table(
    ['goal', 'wanted', 'measured', ''],
    goals.map(({ what, wanted, ratio, isMet }) => [
      what,
      wanted,
      ratio.toFixed(2),
      isMet ? 'met' : 'MISSED',
    ]),
  );
}

export function memoryTable(memory: readonly MemoryAfter[]): string {
  return table(
    ['subjects', 'resident MiB', 'heap MiB'],
    memory.map(({ subjects, residentMiB, heapMiB }) => [
      String(subjects),
      residentMiB.toFixed(0),
      heapMiB.toFixed(0),
    ]),
  );
}

export function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** To the row of the same algorithm and number of connections. */
function ratioTo(rows: readonly Measured[], row: Measured, base: string): number | undefined {
  const same = rows.find(
    ({ server, algorithm, connections }) =>
      server === base &&
      connections === row.connections &&
      (algorithm === row.algorithm || base === 'node:http'),
  );
  return same === undefined ? undefined : ratioOf(rows, row.name, same.name, 'cpuUs');
}

function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? '' : ratio.toFixed(2);
}
