/** Measures the rows of one group in turns, and takes medians over the rounds. */
import type { ChildProcess } from 'node:child_process';
import type { Profiler } from 'node:inspector/promises';
import { median } from './quantile.ts';
import type { Measured, Row } from './row.ts';
import { primeRow, type Round, type RunningRow, startServerOf } from './run-row.ts';

/** Rounds that do not count: V8 still compiles. */
const WARM_UP_ROUNDS = 2;

export interface MeasuredGroup {
  readonly rows: readonly Measured[];
  /** Of the rounds that count. Empty unless profiles were asked for. */
  readonly profiles: ReadonlyMap<string, Profiler.Profile>;
}

export async function measureGroup(
  rows: readonly Row[],
  options: {
    readonly context: Parameters<typeof startServerOf>[1];
    readonly client: ChildProcess;
    readonly rounds: number;
    readonly profile: boolean;
    readonly tell: (progress: string) => void;
  },
): Promise<MeasuredGroup> {
  const { context, client, rounds, profile, tell } = options;
  const running: RunningRow[] = [];
  for (const row of rows) {
    running.push(await primeRow(row, await startServerOf(row, context), client));
  }
  const counted = new Map(rows.map(({ name }): [string, Round[]] => [name, []]));
  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
    if (profile && round === 1)
      await Promise.all(running.map(({ server }) => server.startProfile()));
    tell(round < 1 ? 'warming up' : `round ${round} of ${rounds}`);
    for (const { row, measureRound } of running) {
      const measured = await measureRound();
      if (round >= 1) counted.get(row.name)?.push(measured);
    }
  }
  const profiles = new Map<string, Profiler.Profile>();
  for (const { row, server } of running) {
    if (profile) profiles.set(row.name, await server.stopProfile());
    server.close();
  }
  return { rows: rows.map((row) => summarise(row, counted.get(row.name) ?? [])), profiles };
}

function summarise(row: Row, rounds: readonly Round[]): Measured {
  const of = (key: keyof Round) => median(rounds.map((round) => round[key]));
  const cpu = rounds.map(({ cpuUs }) => cpuUs);
  const { name, algorithm, server, connections, config } = row;
  return {
    name,
    algorithm,
    server,
    connections,
    grants: config.grants,
    answersPerSecond: of('answersPerSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    cpuUs: of('cpuUs'),
    cpuUsRange: [Math.min(...cpu), Math.max(...cpu)],
    clientCpuUs: of('clientCpuUs'),
    residentMiB: of('residentMiB'),
  };
}
