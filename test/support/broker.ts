/** Starts a broker with an issuer that has real keys and with the simulator, and collects its audit lines. */
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns';
import type { Undocumented } from '../../simulator/oss/undocumented.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { createStaticCredentials } from '../../simulator/static-credentials.ts';
import { createAuditLog } from '../../src/audit/line.ts';
import { createBroker } from '../../src/broker.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { createTellOperator } from '../../src/observe/tell-operator.ts';
import type { SourceCredentialsProvider } from '../../src/ports.ts';
import { startServer } from '../../src/server.ts';
import { createStore } from '../../src/store/create-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createFetchIssuer, type Lookup } from '../../src/subject-token/keys/issuer-fetch.ts';
import { readTicketKeys } from '../../src/tickets/ticket-keys.ts';
import { startBundle } from './bundle.ts';
import { createTestIssuer, type TestIssuer } from './issuer.ts';

export interface TestBroker {
  readonly url: string;
  readonly issuer: TestIssuer;
  readonly simulator: Simulator;
  /** Moves the clock of the broker, the issuer and the simulator. */
  readonly clock: { offsetMs: number };
  /** The audit log as text. */
  readonly log: { text: string };
  auditLines(): readonly Readonly<Record<string, unknown>>[];
  /** The broker's process, if it does not run in the test's process. */
  readonly child: ChildProcess | undefined;
  /** How many AssumeRole calls STS received. */
  stsCalls(): number;
  ask(options?: AskOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface AskOptions {
  /** The subject token. Absent: a good one. `null`: no Authorization header. */
  readonly token?: string | null;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** An object is sent as JSON; a string is sent unchanged. */
  readonly body?: object | string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body, or an empty object. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TestBrokerOptions {
  /**
   * The config; `{{issuer}}`, `{{sts}}`, `{{oss}}` and `{{ossPort}}` stand for the addresses around the
   * broker, `{{broker}}` for its own.
   */
  readonly config?: string;
  readonly write?: (text: string) => Promise<void>;
  readonly isOnFunctionCompute?: boolean;
  /** Origins that the buckets' CORS rules allow. */
  readonly corsOrigins?: readonly string[];
  /** The answers of the simulated OSS where its documentation has none. */
  readonly undocumented?: Partial<Undocumented>;
  /** Sessions of the simulated STS end after this time, also below its 900 s. */
  readonly longestSessionSeconds?: number;
  /** Runs the built broker in a separate process, with the environment of Function Compute. */
  readonly bundle?: {
    readonly node: string;
    readonly main: string;
    readonly maxOpenFiles?: number;
  };
  /** Replaces the source credentials of a RAM user that may assume the role. */
  readonly sourceCredentials?: SourceCredentialsProvider;
  /** Replaces the broker's own issuer. It is not closed with the broker. */
  readonly issuer?: TestIssuer;
  /** The environment variables that the config can read. A built broker gets no others but the platform's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Replaces the machine's resolver. */
  readonly lookup?: Lookup;
  /** Replaces the store that the config names. It is not closed with the broker. */
  readonly store?: Store;
  /** Spreads retries, from 0 to 1. 0 if absent: each comes as early as possible. */
  readonly random?: () => number;
  /** Receives the messages for the operator. */
  readonly tell?: (message: string) => void;
}

/** One issuer and one grant: each caller's own prefix below `users/`. */
export const SIMPLE_CONFIG = `
region: cn-hangzhou
sts: { endpoint: "{{sts}}", timeout: 2s }
buckets:
  app-media: { region: cn-hangzhou, endpoint: "{{oss}}" }
issuers:
  - name: app
    issuer: "{{issuer}}"
    audiences: [oss-token-broker]
    types: [jwt, at+jwt]
    attributes:
      user: { claim: sub }
grants:
  - name: user-files
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow:
      - { target: "oss://app-media/users/{user}/", permissions: [read, write, list, delete] }
    duration: { default: 15m, max: 1h }
    restrict: { https: false }
`;

/** SIMPLE_CONFIG as the broker loads it, with addresses at which nobody listens. */
export function loadSimpleConfig(): Config {
  const text = SIMPLE_CONFIG.replace('{{issuer}}', 'https://login.example.com')
    .replace('{{sts}}', 'http://127.0.0.1:1')
    .replace('{{oss}}', 'http://127.0.0.1:1');
  return loadConfig({ text, file: 'broker.yaml', environment: {} }).config;
}

/** Starts everything on free ports of the loopback interface. Close it when done. */
export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const clock = { offsetMs: 0 };
  const now = () => Date.now() + clock.offsetMs;
  const issuer = options.issuer ?? (await createTestIssuer({ now }));
  const simulator = await startSimulator({
    now,
    buckets: ['app-media', 'other'],
    region: 'cn-hangzhou',
    corsOrigins: options.corsOrigins ?? [],
    undocumented: options.undocumented ?? {},
    ...(options.longestSessionSeconds === undefined
      ? {}
      : { longestSessionSeconds: options.longestSessionSeconds }),
  });
  const text = (options.config ?? SIMPLE_CONFIG)
    .replaceAll('{{issuer}}', issuer.url)
    .replaceAll('{{sts}}', simulator.sts.url)
    .replaceAll('{{oss}}', simulator.oss.url)
    .replaceAll('{{ossPort}}', new URL(simulator.oss.url).port);
  const log = { text: '' };
  const keep = async (line: string) => {
    log.text += line;
  };
  const { bundle } = options;
  const server: Started =
    bundle === undefined
      ? await startHere({ ...options, text, simulator, now, write: options.write ?? keep })
      : await startBundle({
          ...bundle,
          text,
          simulator,
          write: keep,
          environment: options.environment ?? {},
        });
  const url = `http://127.0.0.1:${server.port}`;

  async function ask(asked: AskOptions = {}): Promise<Answer> {
    const { token = await issuer.token(asked.claims), body, path = '/v1/credentials' } = asked;
    const response = await fetch(`${url}${path}`, {
      method: asked.method ?? 'POST',
      headers: {
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...asked.headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answerText = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text: answerText,
      body: toObject(answerText),
    };
  }

  return {
    url,
    issuer,
    simulator,
    clock,
    log,
    child: server.child,
    auditLines: () =>
      log.text
        .split('\n')
        .filter((line) => line !== '')
        .map(toObject),
    stsCalls: () => simulator.sts.calls.filter(({ action }) => action === 'AssumeRole').length,
    ask,
    async close() {
      await server.close();
      if (options.issuer === undefined) await issuer.close();
      await simulator.close();
    },
  };
}

interface Started {
  readonly port: number;
  readonly child: ChildProcess | undefined;
  close(): Promise<void>;
}

/** Starts the broker in this process, where the test controls clock, audit log and source credentials. */
async function startHere(
  options: TestBrokerOptions & {
    readonly text: string;
    readonly simulator: Simulator;
    readonly now: () => number;
    readonly write: (text: string) => Promise<void>;
  },
): Promise<Started> {
  const { text, simulator, now, write } = options;
  const { environment = {}, tell = () => {} } = options;
  const observe = createTellOperator({ tell, now });
  const hostname = '127.0.0.1';
  const fetchBroker = (request: Request, env: object) => app.fetch(request, env);
  const server = await startServer({ fetch: fetchBroker, hostname, port: 0, neverHangUp: false });
  const { config } = loadConfig({
    text: text.replaceAll('{{broker}}', `http://${hostname}:${server.port}`),
    file: 'broker.yaml',
    environment,
  });
  const ownStore = createStore(config.store, { environment, now, random: () => 1, observe });
  const app = createBroker({
    config,
    sourceCredentials:
      options.sourceCredentials ?? createStaticCredentials(simulator.sourceCredentials),
    recordAudit: createAuditLog(write),
    now,
    fetchIssuer: createFetchIssuer({ lookup: options.lookup ?? lookup }),
    randomUuid: randomUUID,
    random: options.random ?? (() => 0),
    isOnFunctionCompute: options.isOnFunctionCompute ?? false,
    usesFunctionRole: (config.sourceCredentials ?? { type: 'function' }).type === 'function',
    observe,
    store: options.store ?? ownStore,
    ticketKeys: readTicketKeys(config.surfaces?.credentialUrls, config.publicUrl, environment),
  });
  return {
    port: server.port,
    child: undefined,
    async close() {
      await server.close(0);
      await ownStore.close();
    },
  };
}

function toObject(text: string): Readonly<Record<string, unknown>> {
  if (!text.startsWith('{')) return {};
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
