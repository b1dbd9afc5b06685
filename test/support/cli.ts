/** Runs the built command line as a child process, in a folder of its own and with nobody else's environment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCli } from '../../tools/build-cli.ts';

export interface CliRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<CliRun>;
  /** Resolves once the text stands in the output. Throws with all output if the program ends before. */
  readonly says: (text: string) => Promise<void>;
}

interface CliOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Options of Node itself. */
  readonly node?: readonly string[];
}

export interface Cli {
  /** The bundle. */
  readonly path: string;
  readonly folder: string;
  /** Writes a file into the folder, and returns its path. */
  readonly file: (name: string, text: string) => string;
  readonly start: (args: readonly string[], options?: CliOptions) => RunningCli;
  readonly run: (args: readonly string[], options?: CliOptions) => Promise<CliRun>;
  /** Ends what still runs, and removes the folder. */
  readonly close: () => Promise<void>;
}

/** Builds it. Close it when done. */
export async function createCli(): Promise<Cli> {
  const folder = mkdtempSync(join(tmpdir(), 'cli-'));
  const path = join(folder, 'cli.cjs');
  await buildCli(path);
  const running = new Set<RunningCli>();

  function start(args: readonly string[], options: CliOptions = {}): RunningCli {
    const child = spawn(process.execPath, [...(options.node ?? []), path, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...options.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    const changed = new Set<() => void>();
    const collect = (add: (text: string) => void) => (chunk: Buffer) => {
      add(chunk.toString());
      for (const look of changed) look();
    };
    child.stdout.on(
      'data',
      collect((text) => {
        stdout += text;
      }),
    );
    child.stderr.on(
      'data',
      collect((text) => {
        stderr += text;
      }),
    );
    // a program that does not read its input may end first
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
    const ended = new Promise<CliRun>((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    const one: RunningCli = {
      child,
      stdout: () => stdout,
      stderr: () => stderr,
      ended,
      says: (text) =>
        new Promise((resolve, reject) => {
          const look = () => `${stdout}${stderr}`.includes(text) && resolve();
          changed.add(look);
          look();
          void ended.then(() => reject(new Error(`it ended: ${stdout}${stderr}`)));
        }),
    };
    running.add(one);
    void ended.then(() => running.delete(one));
    return one;
  }

  return {
    path,
    folder,
    file(name, text) {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    },
    start,
    run: (args, options) => start(args, options).ended,
    async close() {
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all([...running].map(({ ended }) => ended));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Reply {
  readonly status: number;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Something on loopback that answers every request, in the place of a broker or of a platform. */
export async function startAnswering(answer: (request: IncomingMessage) => Reply | 'hang up') {
  const requests: { readonly url: string; readonly authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', authorization: request.headers.authorization });
    const reply = answer(request);
    if (reply === 'hang up') {
      request.destroy();
      return;
    }
    const { status, body = '', headers = {} } = reply;
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** An answer of a broker, with these members in the place of the usual ones. */
export function credentialAnswer(members: Readonly<Record<string, unknown>> = {}) {
  const inMinutes = (minutes: number) =>
    new Date(Date.now() + minutes * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    StatusCode: 200,
    Code: 'Success',
    RequestId: 'request-1',
    AccessKeyId: 'STS.id',
    AccessKeySecret: 'secret',
    SecurityToken: 'token',
    Expiration: inMinutes(15),
    RefreshAfter: inMinutes(12),
    Grant: {
      Name: 'user-files',
      Targets: [
        {
          Target: 'oss://app-media/users/1/',
          Permissions: ['read'],
          Region: 'cn-hangzhou',
          Endpoint: 'https://oss-cn-hangzhou.aliyuncs.com',
        },
      ],
    },
    ...members,
  };
}

/** A text that has the form of a subject token, for brokers that do not look at it. */
export const ANY_TOKEN = 'eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl';
