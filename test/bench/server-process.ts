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
  readonly close: () => void;
}

const LISTENS = /listens on port (\d+)/;
const NEWLINE = 10;

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
  child.stdout?.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1))
      lines += 1;
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
    close: () => child.kill('SIGKILL'),
  };
}
