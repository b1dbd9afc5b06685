/** One server under measurement in its own process. What it writes to standard output goes through a real pipe and is counted. */
import { spawn } from 'node:child_process';
import type { Profiler } from 'node:inspector/promises';
import { askProcess } from './ask-process.ts';
import type { MeasuredMessage, Usage } from './measured.ts';

export interface ServerProcess {
  readonly port: number;
  readonly usage: () => Promise<Usage>;
  /** After a full garbage collection. */
  readonly settledUsage: () => Promise<Usage>;
  readonly startProfile: () => Promise<object>;
  readonly stopProfile: () => Promise<Profiler.Profile>;
  /** Lines of standard output that were read up to now. */
  readonly linesRead: () => number;
  /** Audit lines among them whose credential came fresh from STS. */
  readonly missesRead: () => number;
  readonly close: () => void;
}

const LISTENS = /listens on port (\d+)/;
const NEWLINE = Buffer.from('\n');
const MISS = Buffer.from('"cacheHit":false');

/** Starts the script, and waits until it says on which port it listens. Rejects if it ends before. */
export async function startServerProcess(options: {
  readonly script: string;
  /** The script of measured.ts. */
  readonly measured: string;
  readonly environment: Readonly<Record<string, string>>;
}): Promise<ServerProcess> {
  const { script, measured, environment } = options;
  const child = spawn(process.execPath, ['--expose-gc', '--import', measured, script], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    env: { PORT: '0', HOST: '127.0.0.1', ...environment },
  });
  let lines = 0;
  let misses = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    lines += countOf(NEWLINE, chunk);
    misses += countOf(MISS, chunk);
  });
  let told = '';
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`${script} ended early:\n${told}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      told += String(chunk);
      const found = LISTENS.exec(told)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  const ask = <Answer>(message: MeasuredMessage) => askProcess<Answer>(child, message);
  return {
    port,
    usage: () => ask<Usage>({ ask: 'usage' }),
    settledUsage: () => ask<Usage>({ ask: 'usage after collection' }),
    startProfile: () => ask<object>({ ask: 'start profile' }),
    stopProfile: () => ask<Profiler.Profile>({ ask: 'stop profile' }),
    linesRead: () => lines,
    missesRead: () => misses,
    close: () => child.kill('SIGKILL'),
  };
}

/** Misses one that is cut in two by the end of the chunk. */
function countOf(part: Buffer, chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(part); at !== -1; at = chunk.indexOf(part, at + 1)) count += 1;
  return count;
}
