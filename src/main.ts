/** Starts the broker: environment, config, application, server. Only this file reads the environment and the real clock. */
import { randomBytes, randomUUID } from 'node:crypto';
import { lookup } from 'node:dns';
import { homedir } from 'node:os';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { createAuditLog } from './audit/line.ts';
import { createAuditSink } from './audit/sink.ts';
import { createBroker } from './broker.ts';
import { createBuildBroker } from './build-broker.ts';
import type { Config } from './config/config.ts';
import type { SourceCredentialsSettings } from './config/source-credentials-settings.ts';
import { ConfigError, formatProblem } from './config-loader/config-problems.ts';
import { parseConfig } from './config-loader/parse-config.ts';
import type { ConfigText } from './config-loader/source/config-source.ts';
import { openConfigSource } from './config-loader/source/open-config-source.ts';
import type { Reports } from './metrics/meter.ts';
import { openMonitoring } from './metrics/open-monitoring.ts';
import type { Observe } from './observe/event.ts';
import { createTellOperator } from './observe/tell-operator.ts';
import type { SourceCredentialsProvider } from './ports.ts';
import { createReloadingBroker } from './reloading-broker.ts';
import { findSecretProblem } from './secret-problem.ts';
import { startServer } from './server.ts';
import { renewOnHangup, stopOnSignals } from './signals.ts';
import {
  createSourceCredentials,
  defaultSource,
  findStartProblem,
} from './source-credentials/create-source-credentials.ts';
import { describeStartError } from './start-error.ts';
import { createStore, findStoreProblem } from './store/create-store.ts';
import type { Store } from './store/store.ts';
import { createFetchIssuer } from './subject-token/keys/issuer-fetch.ts';
import { createKeptIssuerKeys } from './subject-token/keys/kept-issuer-keys.ts';
import { readTicketKeys } from './tickets/ticket-keys.ts';

/** The default port of a custom runtime on Function Compute. */
const DEFAULT_PORT = 9000;
/** Loading the SDK blocks for some 30 ms, so a probe that waits for the start is answered first. */
const WARM_UP_DELAY_MS = 100;
/** What a message about the port of the metrics calls its settings. */
const METRICS_PLACE = { port: 'metrics.port', host: 'metrics.host' };
/** STS settings for the role that reads the config. The settings in the config are not known yet. */
const CONFIG_STS: Config['sts'] = { network: 'public', timeoutMs: 5000 };

const environment = process.env;
const now = Date.now;
const random = Math.random;
const isOnFunctionCompute = environment['FC_FUNCTION_NAME'] !== undefined;

async function main(): Promise<void> {
  const tellOperator = createTellOperator({ tell, now });
  const configSource = await openSource(createCredentialsFrom(tellOperator));
  const { config, warnings } = await parse(await configSource.read());
  const monitoring = await openMonitoringOf(config, tellOperator);
  const observe: Observe = (event) => {
    tellOperator(event);
    monitoring.observe(event);
  };
  const createCredentials = createCredentialsFrom(observe);
  for (const warning of warnings) {
    observe({ kind: 'config_warning', warning: formatProblem(warning) });
  }

  const source = config.sourceCredentials ?? defaultSource(isOnFunctionCompute);
  await requireStartable(source, config);
  const sourceCredentials = createCredentials(source, config);
  const store = createStore(config.store, { environment, now, random, observe });
  const recordAudit = createAuditLog(
    createAuditSink({ write: writeToStdout, afterTurn: setImmediate, now, observe }),
  );
  const build = createBuildBroker({
    startConfig: config,
    source,
    reports: { recordAudit, observe: tellOperator },
    monitoring,
    observe,
    createBroker: createBrokerWith({ source, sourceCredentials, store }),
  });
  const broker = createReloadingBroker({
    config,
    build,
    source: configSource,
    parse,
    now,
    observe,
  });
  const server = await startServer({
    fetch: monitoring.trace(broker.fetch),
    hostname: environment['HOST'] ?? '0.0.0.0',
    port: readPort(environment['FC_CUSTOM_LISTEN_PORT'] ?? environment['PORT']),
    neverHangUp: isOnFunctionCompute,
  });
  tell(`oss-token-broker listens on port ${server.port}, config ${config.revision.slice(0, 12)}`);

  // on Function Compute the platform calls /initialize instead
  if (!isOnFunctionCompute) setTimeout(broker.warmUp, WARM_UP_DELAY_MS).unref();
  renewOnHangup({ broker, source, sourceCredentials, tell });
  stopOnSignals({ server, others: [store, monitoring], tell });
}

function openSource(createCredentials: CreateCredentials) {
  return openConfigSource({
    environment,
    createCredentials: (type, region) =>
      createCredentials(type === undefined ? defaultSource(isOnFunctionCompute) : { type }, {
        region,
        sts: CONFIG_STS,
      }),
    fetch,
    now,
  });
}

/** Also refuses a config whose secrets are not in the environment: at the start, and on a reload. */
async function parse(text: ConfigText) {
  const loaded = await parseConfig({ ...text, environment });
  const problem = findSecretProblem(loaded.config, environment);
  if (problem === undefined) return loaded;
  throw new ConfigError([{ file: text.file, line: 1, column: 1, ...problem }]);
}

type RunningMonitoring = Awaited<ReturnType<typeof openMonitoring>>;

/** Before the first broker, so that nothing goes uncounted. */
async function openMonitoringOf(config: Config, observe: Observe): Promise<RunningMonitoring> {
  try {
    return await openMonitoring(config, {
      now,
      random,
      randomHex: (bytes) => randomBytes(bytes).toString('hex'),
      fetch,
      environment,
      observe,
      isOnFunctionCompute,
      listen: (server) => startServer({ ...server, neverHangUp: false }),
    });
  } catch (error) {
    tell(describeStartError(error, METRICS_PLACE));
    process.exit(1);
  }
}

type CreateCredentials = (
  settings: SourceCredentialsSettings,
  place: Pick<Config, 'region' | 'sts'>,
) => SourceCredentialsProvider;

function createCredentialsFrom(observe: Observe): CreateCredentials {
  return (settings, { region, sts }) =>
    createSourceCredentials(settings, {
      region,
      sts,
      environment,
      homeDirectory: homedir(),
      now,
      random,
      sleep: (delayMs, signal) => sleepFor(delayMs, undefined, { signal }),
      fetch,
      observe,
    });
}

/** Ends the process if no request could ever be served. */
async function requireStartable(source: SourceCredentialsSettings, config: Config): Promise<void> {
  const problem =
    (await findStartProblem(source, environment)) ?? findStoreProblem(config.store, environment);
  if (problem === undefined) return;
  tell(problem);
  process.exit(1);
}

/** What stays the same when the config changes. */
interface Kept {
  readonly source: SourceCredentialsSettings;
  readonly sourceCredentials: SourceCredentialsProvider;
  readonly store: Store;
}

/** Makes the function that puts a broker together for each config. */
function createBrokerWith({ source, sourceCredentials, store }: Kept) {
  const keepIssuerKeys = createKeptIssuerKeys();
  const fetchIssuer = createFetchIssuer({ lookup });
  return (config: Config, reports: Reports) =>
    createBroker({
      config,
      sourceCredentials,
      ...reports,
      now,
      fetchIssuer,
      randomUuid: randomUUID,
      random,
      isOnFunctionCompute,
      usesFunctionRole: source.type === 'function',
      store,
      keepIssuerKeys,
      ticketKeys: readTicketKeys(config.surfaces?.credentialUrls, config.publicUrl, environment),
    });
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  tell(`PORT must be a number from 0 to 65535, not "${text}"`);
  process.exit(1);
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

// each write reports a closed standard output; without a listener it would end the process
process.stdout.on('error', () => {});
// a closed standard error must not end the process
process.stderr.on('error', () => {});

main().catch((error: unknown) => {
  tell(describeStartError(error));
  process.exit(1);
});
