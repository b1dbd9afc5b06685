/** Builds the broker of a developer: that of production, beside the simulator. */
import { randomBytes, randomUUID } from 'node:crypto';
import { lookup } from 'node:dns';
import type { RecordAudit } from '../../src/audit/line.ts';
import { type Broker, createBroker } from '../../src/broker.ts';
import type { Config } from '../../src/config/config.ts';
import { createTellOperator } from '../../src/observe/tell-operator.ts';
import { createFetchIssuer } from '../../src/subject-token/keys/issuer-fetch.ts';
import { readTicketKeys } from '../../src/tickets/ticket-keys.ts';
import { createStaticCredentials } from '../static-credentials.ts';

/** Takes a config of `standInConfig`, since its issuers, STS and OSS must be on this machine. */
export function createDevBroker(options: {
  readonly config: Config;
  /** Those of the simulated account. */
  readonly sourceCredentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly recordAudit: RecordAudit;
  /** Receives what the operator should read. */
  readonly tell: (line: string) => void;
}): Broker {
  const { config, sourceCredentials, recordAudit, tell } = options;
  return createBroker({
    config,
    sourceCredentials: createStaticCredentials(sourceCredentials),
    recordAudit,
    now: Date.now,
    fetchIssuer: createFetchIssuer({ lookup }),
    randomUuid: randomUUID,
    random: Math.random,
    isOnFunctionCompute: false,
    usesFunctionRole: false,
    observe: createTellOperator({ tell, now: Date.now }),
    ticketKeys: makeTicketKeys(config),
  });
}

/** New ones each time: the environment of a developer has none. */
function makeTicketKeys({ surfaces, publicUrl }: Config) {
  const settings = surfaces?.credentialUrls;
  const environment = (settings?.keys ?? []).map(({ keyFrom }): [string, string] => [
    keyFrom,
    randomBytes(32).toString('base64'),
  ]);
  return readTicketKeys(settings, publicUrl, Object.fromEntries(environment));
}
