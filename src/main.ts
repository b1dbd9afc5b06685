/** Starts the broker: environment, config, application, server. The only reader of the environment and of the real clock. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { createAuditLog } from './audit-log.ts';
import { createBroker } from './broker.ts';
import { ConfigError } from './config/config-problems.ts';
import { openConfig } from './config/open-config.ts';
import { startServer } from './server.ts';
import { createSourceCredentials, findStartProblem } from './sts/create-source-credentials.ts';

/** Where Function Compute expects a custom runtime unless told otherwise. */
const DEFAULT_PORT = 9000;
const SHUTDOWN_GRACE_MS = 10_000;

async function main(): Promise<void> {
  const environment = process.env;
  const isOnFunctionCompute = environment['FC_FUNCTION_NAME'] !== undefined;
  const { config, warnings } = await openConfig({
    environment,
    readFile: (path) => readFile(path, 'utf8'),
  });
  for (const warning of warnings)
    tell(`warning: ${warning.file}:${warning.line}: ${warning.message}`);

  const source = config.sourceCredentials ?? {
    type: isOnFunctionCompute ? ('function' as const) : ('environment' as const),
  };
  const problem = await findStartProblem(source, environment);
  if (problem !== undefined) {
    tell(problem);
    process.exit(1);
  }
  const sourceCredentials = createSourceCredentials(source, {
    region: config.region,
    sts: config.sts,
    environment,
    homeDirectory: homedir(),
    now: Date.now,
    random: Math.random,
    sleep: (delayMs, signal) => sleepFor(delayMs, undefined, { signal }),
    fetch,
    tell,
  });
  // on request, whatever their source: the next request finds the newest ones
  process.on('SIGHUP', () => {
    sourceCredentials
      .get()
      .then(sourceCredentials.renew)
      .catch(() => tell('SIGHUP: there are no newer source credentials'));
  });
  const app = createBroker({
    config,
    sourceCredentials,
    recordAudit: createAuditLog(writeToStdout),
    now: Date.now,
    fetch,
    randomUuid: randomUUID,
    isOnFunctionCompute,
  });
  const server = await startServer({
    fetch: app.fetch,
    hostname: environment['HOST'] ?? '0.0.0.0',
    port: readPort(environment['FC_CUSTOM_LISTEN_PORT'] ?? environment['PORT']),
    neverHangUp: isOnFunctionCompute,
  });
  tell(`oss-token-broker listens on port ${server.port}, config ${config.revision.slice(0, 12)}`);

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      tell(`${signal}: finishing the requests in flight`);
      server.close(SHUTDOWN_GRACE_MS).then(() => process.exit(0));
    });
  }
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`the port must be a number from 0 to 65535, not "${text}"`);
}

/** Standard output carries the audit log and nothing else. */
function writeToStdout(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Standard error carries what the operator should read. */
function tell(message: string): void {
  process.stderr.write(`${message}\n`);
}

// a closed standard output is reported to each write; without a listener it would end the process
process.stdout.on('error', () => {});

main().catch((error: unknown) => {
  // a problem of the config explains itself; for anything else the stack is what helps
  const isOwn = error instanceof ConfigError;
  tell(
    error instanceof Error
      ? isOwn
        ? error.message
        : (error.stack ?? error.name)
      : 'failed to start',
  );
  process.exit(1);
});
