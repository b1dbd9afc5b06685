/** One row of the bench: a server, and what is sent to it. */

import type { ServerName } from './scripts.ts';
import type { BenchAlgorithm } from './surroundings.ts';
import type { ConfigWishes } from './write-config.ts';

export interface Row {
  /** Unique. */
  readonly name: string;
  readonly server: ServerName;
  readonly algorithm: BenchAlgorithm;
  readonly config: ConfigWishes;
  readonly connections: number;
  readonly requestsPerRound: number;
  /** What every answer must have. */
  readonly status: number;
  /** True: each credential must come fresh from STS; otherwise none may. */
  readonly isFresh: boolean;
  /** Sent once before the first round; every answer has 200. */
  readonly primer: readonly string[];
  /** The n-th to the (n + count)-th request. */
  readonly requests: (n: number, count: number) => readonly string[];
}

/** Medians of the rounds. */
export interface Measured {
  readonly name: string;
  readonly algorithm: BenchAlgorithm;
  readonly server: ServerName;
  readonly connections: number;
  readonly grants: number;
  readonly answersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the server's process, for each request. */
  readonly cpuUs: number;
  /** The least and the most of any round: how much other work on the machine disturbed the row. */
  readonly cpuUsRange: readonly [number, number];
  /** Of the load client, for each request. */
  readonly clientCpuUs: number;
  readonly residentMiB: number;
}
