/** Starts the broker: environment, config, application, server. The only reader of the environment and of the real clock. */
import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns';
import { homedir } from 'node:os';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createAuditSink } from './audit/sink.ts';
import { createAuditLog } from './audit/trail.ts';
import { createBroker } from './broker.ts';
import type { Config } from './config/config.ts';
import type { SourceCredentialsSettings } from './config/source-credentials-settings.ts';
import { ConfigError, formatProblem } from './config-loader/config-problems.ts';
import { parseConfig } from './config-loader/parse-config.ts';
import type { ConfigText } from './config-loader/source/config-source.ts';
import { openConfigSource } from './config-loader/source/open-config-source.ts';
import { createReloadingBroker } from './reloading-broker.ts';
import { startServer } from './server.ts';
import {
  createSourceCredentials,
  findStartProblem,
} from './source-credentials/create-source-credentials.ts';
import { createStore, findStoreProblem } from './store/create-store.ts';
import { createFetchIssuer } from './subject-token/keys/issuer-fetch.ts';
import { createKeptIssuerKeys } from './subject-token/keys/kept-issuer-keys.ts';

/** Where Function Compute expects a custom runtime unless told otherwise. */
const DEFAULT_PORT = 9000;
const SHUTDOWN_GRACE_MS = 10_000;
/** How a role is assumed that is needed to read the config, which says how to reach STS. */
const CONFIG_STS: Config['sts'] = { network: 'public', timeoutMs: 5000 };

async function main(): Promise<void> {
  const environment = process.env;
  const isOnFunctionCompute = environment['FC_FUNCTION_NAME'] !== undefined;
  const ownType = isOnFunctionCompute ? 'function' : 'environment';
  const createCredentials = (
    settings: SourceCredentialsSettings,
    { region, sts }: Pick<Config, 'region' | 'sts'>,
  ) =>
    createSourceCredentials(settings, {
      region,
      sts,
      environment,
      homeDirectory: homedir(),
      now: Date.now,
      random: Math.random,
      sleep: (delayMs, signal) => sleepFor(delayMs, undefined, { signal }),
      fetch,
      tell,
    });
  const configSource = await openConfigSource({
    environment,
    createCredentials: (type = ownType, region) =>
      createCredentials({ type }, { region, sts: CONFIG_STS }),
    fetch,
    now: Date.now,
  });
  const parse = (text: ConfigText) => parseConfig({ ...text, environment });
  const { config, warnings } = await parse(await configSource.read());
  for (const warning of warnings) tell(`warning: ${formatProblem(warning)}`);

  const source = config.sourceCredentials ?? { type: ownType };
  const problem =
    (await findStartProblem(source, environment)) ?? findStoreProblem(config.store, environment);
  if (problem !== undefined) {
    tell(problem);
    process.exit(1);
  }
  const sourceCredentials = createCredentials(source, config);
  const random = Math.random;
  const store = createStore(config.store, { environment, now: Date.now, random, tell });
  const recordAudit = createAuditLog(
    createAuditSink({ write: writeToStdout, now: Date.now, tell }),
  );
  const keepIssuerKeys = createKeptIssuerKeys();
  const fetchIssuer = createFetchIssuer({ lookup });
  const build = (newConfig: Config) => {
    for (const section of ['sourceCredentials', 'store'] as const) {
      if (!isDeepStrictEqual(newConfig[section], config[section])) {
        tell(`a change of ${section} takes effect with the next start`);
      }
    }
    return createBroker({
      config: newConfig,
      sourceCredentials,
      recordAudit,
      now: Date.now,
      fetchIssuer,
      randomUuid: randomUUID,
      random,
      isOnFunctionCompute,
      store,
      keepIssuerKeys,
    });
  };
  const broker = createReloadingBroker({
    config,
    build,
    source: configSource,
    parse,
    now: Date.now,
    tell,
  });
  // on request, and whatever their source: the newest config, and the newest source credentials
  process.on('SIGHUP', () => {
    void broker.reload();
    // to ask a function for other credentials is to say that STS has turned its own down
    if (source.type === 'function') return;
    sourceCredentials
      .get()
      .then(sourceCredentials.renew)
      .catch(() => tell('SIGHUP: there are no newer source credentials'));
  });
  const server = await startServer({
    fetch: broker.fetch,
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
