/** Starts a config beside the simulator: broker, issuers, STS and OSS, all on loopback. */
import { createAuditLog } from '../../src/audit/line.ts';
import type { Broker } from '../../src/broker.ts';
import type { Config } from '../../src/config/config.ts';
import { systemErrorCode } from '../../src/lib/system-error-code.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import { startStandIns } from '../issuer/stand-ins.ts';
import { startSimulator } from '../simulator.ts';
import { onUsualPort } from '../usual-port.ts';
import { createDevBroker } from './create-dev-broker.ts';
import { DevProblem } from './dev-problem.ts';
import type { DevOptions } from './options.ts';
import { rolesOf, standInConfig } from './stand-in-config.ts';

export const USUAL_PORTS = { broker: 9000, issuers: 9001, STS: 9002, OSS: 9003, playground: 9004 };

/** Where everything is. */
export interface Dev {
  /** As the broker uses it. */
  readonly config: Config;
  readonly ports: Readonly<Record<Exclude<keyof typeof USUAL_PORTS, 'playground'>, number>>;
  readonly brokerUrl: string;
  readonly issuersUrl: string;
  readonly stsUrl: string;
  readonly ossUrl: string;
  /** The endpoint of the same OSS for clients of S3. */
  readonly s3Url: string;
}

/** Throws a DevProblem if the port that was asked for is taken. */
export async function startDev(
  loaded: Config,
  options: Omit<DevOptions, 'configFile'> & {
    /** Receives the audit lines. */
    readonly write: (line: string) => void;
    /** Receives what the operator should read. */
    readonly tell: (line: string) => void;
  },
): Promise<Dev> {
  const { credentialSeconds, callerAddress, write, tell } = options;
  const origins = [...new Set([...loaded.cors.origins, ...options.origins])];
  const issuers = await startStandIns({
    issuers: loaded.issuers,
    origins,
    port: USUAL_PORTS.issuers,
  });
  const simulator = await startSimulator({
    now: Date.now,
    buckets: loaded.buckets.map(({ name }) => name),
    region: loaded.region,
    regions: new Map(loaded.buckets.map(({ name, region }) => [name, region])),
    roles: rolesOf(loaded.grants),
    corsOrigins: origins,
    // a grant with restrict.https would otherwise be of no use beside an OSS without a certificate
    connection: {
      isSecure: true,
      ...(callerAddress === undefined ? {} : { sourceIp: callerAddress }),
    },
    ...(credentialSeconds === undefined ? {} : { longestSessionSeconds: credentialSeconds }),
    stsPort: USUAL_PORTS.STS,
    ossPort: USUAL_PORTS.OSS,
  });
  // a browser finds any name below localhost, and puts the bucket before it; Node needs the address
  const ossUrl =
    origins.length === 0 ? simulator.oss.url : `http://localhost:${simulator.oss.port}`;
  const started: { broker?: Broker } = {};
  const fetchBroker: Broker['fetch'] = (request, env) =>
    started.broker?.fetch(request, env) ?? new Response(null, { status: 503 });
  const server = await onBrokerPort(options.port, (port) =>
    startServer({
      fetch:
        callerAddress === undefined
          ? fetchBroker
          : (request, env) => fetchBroker(request, comingFrom(callerAddress, env)),
      hostname: '127.0.0.1',
      port,
      neverHangUp: false,
    }),
  );
  const brokerUrl = `http://127.0.0.1:${server.port}`;
  const config = standInConfig(loaded, {
    stsUrl: simulator.sts.url,
    ossUrl,
    keysOf: issuers.keysOf,
    origins,
    brokerUrl,
  });
  started.broker = createDevBroker({
    config,
    sourceCredentials: simulator.sourceCredentials,
    recordAudit: createAuditLog(async (line) => write(line)),
    tell,
  });
  return {
    config,
    ports: {
      broker: server.port,
      issuers: issuers.port,
      STS: Number(new URL(simulator.sts.url).port),
      OSS: simulator.oss.port,
    },
    brokerUrl,
    issuersUrl: issuers.url,
    stsUrl: simulator.sts.url,
    ossUrl,
    s3Url: simulator.oss.s3Url,
  };
}

async function onBrokerPort(
  wanted: number | undefined,
  start: (port: number) => Promise<RunningServer>,
): Promise<RunningServer> {
  if (wanted === undefined) return onUsualPort(USUAL_PORTS.broker, start);
  try {
    return await start(wanted);
  } catch (error) {
    const code = systemErrorCode(error);
    throw new DevProblem(
      code === 'EADDRINUSE'
        ? `Port ${wanted} is taken. Stop what listens there, or leave --port out to get a free one.`
        : `Port ${wanted} cannot be used: ${code ?? 'no reason'}.`,
    );
  }
}

/** What the server says of a request, with another address of the caller. */
function comingFrom(address: string, env: object): object {
  const incoming: unknown = Reflect.get(env, 'incoming');
  if (typeof incoming !== 'object' || incoming === null) return env;
  const socket = { remoteAddress: address };
  return { ...env, incoming: Object.create(incoming, { socket: { value: socket } }) };
}
