/** The report of one run: tables for people, JSON and a plot for later. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector/promises';
import { cpus } from 'node:os';
import { checkGoals } from './goals.ts';
import type { GroupName } from './groups.ts';
import type { MemoryAfter } from './memory.ts';
import type { BenchOptions } from './options.ts';
import { drawPlot } from './plot.ts';
import { profileTable } from './profile.ts';
import type { Measured } from './row.ts';
import { goalsTable, memoryTable, rowsTable } from './table.ts';

export type MeasuredGroups = Readonly<Record<GroupName, readonly Measured[]>>;

export interface BenchResult {
  readonly options: BenchOptions;
  readonly groups: MeasuredGroups;
  readonly memory: readonly MemoryAfter[];
  readonly profiles: ReadonlyMap<string, Profiler.Profile>;
}

const FOLDER = 'dist';

/** The tables as text. */
export function describeResult({ options, groups, memory, profiles }: BenchResult): string {
  const goals = checkGoals(Object.values(groups).flat());
  const parts = [
    `Node ${process.version}, ${cpus().length} CPUs, medians of ${options.rounds} rounds. CPU is that of the server's process, for each request.`,
    ...Object.values(groups)
      .filter((group) => group.length > 0)
      .map(rowsTable),
    ...(goals.length === 0 ? [] : [goalsTable(goals)]),
    ...(memory.length === 0 ? [] : [memoryTable(memory)]),
    ...[...profiles].map(([name, profile]) => `${name}\n\n${profileTable(profile)}`),
  ];
  return `\n${parts.join('\n\n')}\n`;
}

/** Writes `dist/bench.json`, `dist/bench.svg` and a `.cpuprofile` for each profile. */
export function writeResult({ options, groups, memory, profiles }: BenchResult): void {
  mkdirSync(FOLDER, { recursive: true });
  const goals = checkGoals(Object.values(groups).flat());
  const [cpu] = cpus();
  const machine = { node: process.version, cpus: cpus().length, model: cpu?.model };
  const result = { machine, options, ...groups, goals, memory };
  writeFileSync(`${FOLDER}/bench.json`, `${JSON.stringify(result, undefined, 2)}\n`);
  writeFileSync(`${FOLDER}/bench.svg`, drawPlot(groups));
  for (const [name, profile] of profiles) {
    const file = name.replaceAll(/[^a-z0-9]+/gi, '-');
    writeFileSync(`${FOLDER}/bench-${file}.cpuprofile`, JSON.stringify(profile));
  }
}
