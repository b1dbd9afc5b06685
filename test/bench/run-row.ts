/** Starts the server of one row, and measures one round of it at a time. */
import type { ChildProcess } from 'node:child_process';
import { askProcess } from './ask-process.ts';
import type { ClientMessage } from './client.ts';
import type { Row } from './row.ts';
import { type Scripts, WORK_FOLDER } from './scripts.ts';
import type { LoadResult } from './send-load.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { SETUP_VARIABLE, type Setup } from './setup.ts';
import { AUDIENCE, ISSUER, publishedKeys, type Surroundings } from './surroundings.ts';
import { writeConfig } from './write-config.ts';

export interface Round {
  readonly answersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUs: number;
  readonly clientCpuUs: number;
  readonly residentMiB: number;
}

export interface RunningRow {
  readonly row: Row;
  readonly server: ServerProcess;
  readonly measureRound: () => Promise<Round>;
}

interface LinesRead {
  readonly lines: number;
  readonly misses: number;
}

/** Lines are cut in two while they are counted, and a long run outlives some credentials. */
const TOLERATED_SHARE = 0.1;

/** Starts the server that a row needs. */
export function startServerOf(
  row: Pick<Row, 'server' | 'config'>,
  context: {
    readonly scripts: Scripts;
    readonly around: Surroundings;
    readonly answer: Setup['answer'];
  },
): Promise<ServerProcess> {
  const { scripts, around, answer } = context;
  const script = scripts.server(row.server);
  const { measured } = scripts;
  const { sts } = around;
  if (row.server !== 'broker') {
    const setup = { answer, jwks: publishedKeys(around), issuer: ISSUER, audience: AUDIENCE, sts };
    const environment = { [SETUP_VARIABLE]: JSON.stringify(setup) };
    return startServerProcess({ script, measured, environment });
  }
  const file = `${WORK_FOLDER}broker-${row.config.grants}-${row.config.limited}.json`;
  writeConfig(file, around, row.config);
  const environment = {
    BROKER_CONFIG: file,
    ALIBABA_CLOUD_ACCESS_KEY_ID: sts.sourceCredentials.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: sts.sourceCredentials.accessKeySecret,
  };
  return startServerProcess({ script, measured, environment });
}

/** Sends the primer. Rounds then continue each other's requests, so that new tokens stay new. */
export async function primeRow(
  row: Row,
  server: ServerProcess,
  client: ChildProcess,
): Promise<RunningRow> {
  const ask = <Answer>(message: ClientMessage) => askProcess<Answer>(client, message);
  const { port } = server;
  const { connections, requestsPerRound, status } = row;
  let sent = 0;
  let bodyBytes: number | undefined;

  await ask({ kind: 'open', port, connections: 1 });
  await ask({ kind: 'load', requests: row.primer, status: 200 });
  await ask({ kind: 'close' });

  async function measureRound(): Promise<Round> {
    const requests = row.requests(sent, requestsPerRound);
    const opening = row.requests(sent + requestsPerRound, connections);
    sent += requestsPerRound + connections;
    await ask({ kind: 'open', port, connections });
    // so that the cost of accepting connections does not count
    await ask({ kind: 'load', requests: opening, status });
    const linesBefore = { lines: server.linesRead(), misses: server.missesRead() };
    const before = await server.usage();
    const load = await ask<LoadResult>({ kind: 'load', requests, status, bodyBytes });
    const after = await server.usage();
    await ask({ kind: 'close' });
    bodyBytes = load.bodyBytes;
    if (row.server === 'broker') requireLines(linesBefore);
    return {
      answersPerSecond: requestsPerRound / load.seconds,
      p50Ms: load.p50Ms,
      p99Ms: load.p99Ms,
      cpuUs: ((after.cpuMs - before.cpuMs) * 1000) / requestsPerRound,
      clientCpuUs: (load.clientCpuMs * 1000) / requestsPerRound,
      residentMiB: after.residentMiB,
    };
  }

  /** Every answer has an audit line. Lines of the opening requests may still have been on their way. */
  function requireLines(before: LinesRead): void {
    const lines = server.linesRead() - before.lines;
    const misses = server.missesRead() - before.misses;
    if (lines < requestsPerRound || lines > requestsPerRound + connections) {
      throw new Error(`${row.name}: ${lines} audit lines for ${requestsPerRound} answers`);
    }
    const unexpected = row.isFresh ? requestsPerRound - misses : misses;
    if (unexpected > requestsPerRound * TOLERATED_SHARE) {
      throw new Error(`${row.name}: ${misses} credentials came fresh from STS`);
    }
  }

  return { row, server, measureRound };
}
