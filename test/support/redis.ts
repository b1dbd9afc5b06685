/** A real Redis on a free port of the loopback interface, without persistence. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { describe, inject } from 'vitest';

export interface TestRedis {
  readonly url: string;
  /** For what a test itself wants of Redis. */
  readonly client: Redis;
  /** Kills the process, as a crash would. */
  kill(): Promise<void>;
  /** Stops the process where it is: connections stay, and nothing is answered until it is thawed. */
  freeze(): void;
  thaw(): void;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Like `describe`, and skipped where there is no redis-server; `npm test` ends with a line that says so. */
export const describeWithRedis = describe.skipIf(inject('redisServer') === null);

const ATTEMPTS = 5;

/** Starts Redis, with further arguments for `redis-server`. Close it when done. */
export async function startTestRedis(
  args: readonly string[] = [],
  attempt = 1,
): Promise<TestRedis> {
  const port = await findFreePort();
  let child = spawnRedis(port, args);
  // between the search for the port and its use somebody else may have taken it
  if (!(await isReady(child))) {
    if (attempt < ATTEMPTS) return startTestRedis(args, attempt + 1);
    throw new Error('redis-server does not start');
  }
  const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => 50 });
  client.on('error', () => {});

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    client,
    kill,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async restart() {
      await kill();
      child = spawnRedis(port, args);
      if (!(await isReady(child))) throw new Error('redis-server does not start again');
    },
    async close() {
      client.disconnect();
      await kill();
    },
  };
}

function spawnRedis(port: number, args: readonly string[]): ChildProcess {
  const program = inject('redisServer');
  if (!program)
    throw new Error('redis-server is looked for if the test file itself imports this one');
  const settings = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  return spawn(program.path, [...settings, ...args], {
    env: { ...process.env, ...program.environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

async function isReady(child: ChildProcess): Promise<boolean> {
  const isReadyToServe = async () => {
    if (child.stdout === null) return false;
    for await (const line of createInterface(child.stdout)) {
      if (line.includes('Ready to accept connections')) {
        // what it says later must not fill the pipe
        child.stdout.resume();
        return true;
      }
    }
    return false;
  };
  const hasFailed = new Promise<false>((resolve) => child.once('error', () => resolve(false)));
  return Promise.race([isReadyToServe(), hasFailed]);
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
