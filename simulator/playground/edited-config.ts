/** Puts a broker beside the simulator for the text in the editor, and keeps the newest one. */
import { lookup } from 'node:dns';
import type { AuditLine } from '../../src/audit/line.ts';
import type { Broker } from '../../src/broker.ts';
import type { Config } from '../../src/config/config.ts';
import type { ConfigProblem } from '../../src/config-loader/config-problems.ts';
import { parseConfig } from '../../src/config-loader/parse-config.ts';
import { createDecide } from '../../src/decide.ts';
import type { Decide, RenderSessionPolicy, VerifySubjectToken } from '../../src/ports.ts';
import { createSessionPolicyMemo } from '../../src/session-policy/session-policy-memo.ts';
import { createFetchIssuer } from '../../src/subject-token/keys/issuer-fetch.ts';
import { createVerifySubjectToken } from '../../src/subject-token/verify-subject-token.ts';
import { arrangeCloud } from '../arrange-cloud.ts';
import { createDevBroker } from '../dev/create-dev-broker.ts';
import { rolesOf, standInConfig } from '../dev/stand-in-config.ts';
import { type StandIns, startStandIns } from '../issuer/stand-ins.ts';
import type { Simulator } from '../simulator.ts';
import { seedObjects } from './seed-objects.ts';

/** A config that loads, and all that a request to it needs. */
export interface EditedConfig {
  readonly config: Config;
  readonly warnings: readonly ConfigProblem[];
  readonly broker: Broker;
  readonly verifySubjectToken: VerifySubjectToken;
  /** Decides as the broker does. */
  readonly decide: Decide;
  readonly render: RenderSessionPolicy;
  /** The address at which the issuers sign tokens. */
  readonly tokensUrl: string;
  /** Takes the audit line of a request. */
  readonly takeLine: (requestId: string) => AuditLine | undefined;
}

const MAX_RENDERED_POLICIES = 100;
/** Lines that nobody takes are of requests that broke off. */
const MAX_LINES = 100;

/**
 * Makes `open`, which throws a ConfigError for a text that does not load. The account of the simulator
 * becomes that of the newest config; its objects stay.
 */
export function createEditedConfigs(around: {
  readonly simulator: Simulator;
  readonly file: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Origins of the page, which calls the simulated OSS. */
  readonly origins: readonly string[];
  readonly ossUrl: string;
  readonly tell: (line: string) => void;
}): {
  readonly open: (text: string) => Promise<EditedConfig>;
  readonly close: () => Promise<void>;
} {
  const { simulator, file, environment, origins, ossUrl, tell } = around;
  let current: { readonly text: string; readonly edited: EditedConfig } | undefined;
  let issuers: { readonly of: string; readonly standIns: StandIns } | undefined;
  /** One at a time, since they share an account. */
  let last: Promise<unknown> = Promise.resolve();

  async function standInFor(config: Config): Promise<StandIns> {
    const of = JSON.stringify(
      config.issuers.map(({ name, issuer, audiences, algorithms, types }) => [
        ...[name, issuer, audiences, algorithms, types],
      ]),
    );
    if (issuers?.of === of) return issuers.standIns;
    await issuers?.standIns.close();
    const standIns = await startStandIns({ issuers: config.issuers, origins: [] });
    issuers = { of, standIns };
    return standIns;
  }

  async function make(text: string): Promise<EditedConfig> {
    if (current?.text === text) return current.edited;
    const { config: loaded, warnings } = await parseConfig({ text, file, environment });
    const standIns = await standInFor(loaded);
    const sourceCredentials = arrangeCloud(simulator.cloud, {
      roles: rolesOf(loaded.grants),
      buckets: loaded.buckets.map(({ name }) => name),
      region: loaded.region,
      regions: new Map(loaded.buckets.map(({ name, region }) => [name, region])),
      corsOrigins: origins,
    });
    const config = standInConfig(loaded, {
      stsUrl: simulator.sts.url,
      ossUrl,
      keysOf: standIns.keysOf,
      origins: loaded.cors.origins,
      brokerUrl: standIns.url,
    });
    const lines = new Map<string, AuditLine>();
    const enforced = config.grants.filter(({ mode }) => mode !== 'report');
    const render = createSessionPolicyMemo(MAX_RENDERED_POLICIES);
    const edited: EditedConfig = {
      config,
      warnings,
      broker: createDevBroker({
        config,
        sourceCredentials,
        async recordAudit(line) {
          lines.set(line.requestId, line);
          const [oldest = ''] = lines.keys();
          if (lines.size > MAX_LINES) lines.delete(oldest);
        },
        tell,
      }),
      verifySubjectToken: createVerifySubjectToken({
        issuers: config.issuers,
        now: Date.now,
        random: Math.random,
        fetchIssuer: createFetchIssuer({ lookup }),
        observe: () => {},
      }),
      decide: createDecide(enforced, render),
      render,
      tokensUrl: `${standIns.url}/tokens`,
      takeLine(requestId) {
        const line = lines.get(requestId);
        lines.delete(requestId);
        return line;
      },
    };
    seedObjects(simulator.oss.objects, config);
    current = { text, edited };
    return edited;
  }

  return {
    open(text) {
      const made = last.then(() => make(text));
      last = made.catch(() => undefined);
      return made;
    },
    async close() {
      await last;
      await issuers?.standIns.close();
    },
  };
}
