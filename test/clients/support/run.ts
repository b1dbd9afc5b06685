/** Starts an example as a user would, writes to it, and reads what it prints. */
import { spawn } from 'node:child_process';

export interface Command {
  readonly path: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Running {
  /** Writes a line to its standard input. */
  write(line: string): void;
  /** Waits for a line of its standard output. Throws all that it said if it ends before. */
  line(expected: string): Promise<void>;
  /** Ends its input, and waits for its end. */
  end(): Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: readonly string[];
  readonly stderr: string;
}

/** It sees nothing of this process's environment but where programs are. */
export function run({ path, args, cwd, environment }: Command): Running {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(path, args, { cwd, env: { PATH, HOME, ...environment } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  // a program that has ended reads no more
  child.stdin.on('error', () => {});
  const closed = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      stderr += String(error);
      resolve(null);
    });
    child.once('close', resolve);
  });
  const lines = () => stdout.split('\n').filter((line) => line !== '');
  return {
    write: (line) => child.stdin.write(`${line}\n`),
    line: (expected) =>
      new Promise((resolve, reject) => {
        const look = () => lines().includes(expected) && resolve();
        child.stdout.on('data', look);
        look();
        void closed.then(() => reject(new Error(`it ended: ${stdout}${stderr}`)));
      }),
    async end() {
      child.stdin.end();
      return { code: await closed, stdout: lines(), stderr };
    },
  };
}
