/** Runs the built broker as Function Compute does: with its Node, its environment, and standard output as the audit log. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { Simulator } from '../../simulator/simulator.ts';

export interface Bundle {
  /** The Node that the build ships, or this process's Node where that cannot run. */
  readonly node: string;
  readonly main: string;
}

/** The environment that Function Compute sets for an instance, without the credentials of its role. */
export const PLATFORM_ENVIRONMENT = {
  FC_FUNCTION_NAME: 'oss-token-broker',
  FC_ACCOUNT_ID: '123456789012',
  FC_REGION: 'cn-hangzhou',
  FC_INSTANCE_ID: 'c-64f6cd87-1',
  FC_FUNCTION_HANDLER: 'index.handler',
  FC_FUNCTION_MEMORY_SIZE: '512',
  FC_FUNC_CODE_PATH: '/code',
};

export interface RunningBundle {
  readonly port: number;
  readonly child: ChildProcess;
  /** All that the process wrote to standard error so far. */
  errorOutput(): string;
  close(): Promise<void>;
}

/** Starts the bundle and waits until it answers. Throws with its standard error if it exits before that. */
export async function startBundle(
  options: Bundle & {
    /** `broker.yaml` */
    readonly text: string;
    readonly simulator: Simulator;
    readonly write: (text: string) => Promise<void>;
    readonly environment?: Readonly<Record<string, string | undefined>>;
    /** An open file that takes the place of the audit log. `write` then gets nothing. */
    readonly stdout?: number;
    /** The most files and sockets that the process may have open at once. */
    readonly maxOpenFiles?: number;
  },
): Promise<RunningBundle> {
  const { node, main, text, simulator, write } = options;
  const port = await freePort();
  const [command, args] = limitOpenFiles([node, main], options.maxOpenFiles);
  const child = spawn(command, args, {
    stdio: ['ignore', options.stdout ?? 'pipe', 'pipe'],
    env: {
      ...PLATFORM_ENVIRONMENT,
      FC_CUSTOM_LISTEN_PORT: String(port),
      ALIBABA_CLOUD_ACCESS_KEY_ID: simulator.sourceCredentials.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: simulator.sourceCredentials.accessKeySecret,
      BROKER_CONFIG_YAML: text,
      ...options.environment,
    },
  });
  let errorOutput = '';
  let hasEnded = false;
  child.stderr?.on('data', (chunk) => {
    errorOutput += chunk;
  });
  child.stdout?.on('data', (chunk) => void write(String(chunk)));
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      hasEnded = true;
      resolve();
    });
  });
  while (!(await isAnswering(port))) {
    if (hasEnded) throw new Error(`the bundle exited: ${errorOutput}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    port,
    child,
    errorOutput: () => errorOutput,
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A shell sets the limit and then becomes the broker with exec, so that signals reach the broker. */
function limitOpenFiles(
  [node, main]: readonly [string, string],
  maxOpenFiles: number | undefined,
): readonly [string, readonly string[]] {
  if (maxOpenFiles === undefined) return [node, [main]];
  const script = 'ulimit -n "$1" && exec "$2" "$3"';
  return ['sh', ['-c', script, 'sh', String(maxOpenFiles), node, main]];
}

function isAnswering(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port');
  return address.port;
}
