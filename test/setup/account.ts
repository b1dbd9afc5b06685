/** An account that was set up by the commands which `setup` prints, and what its grants can do in it. */

import { suggestClaims } from '../../simulator/dev/suggest-claims.ts';
import { authorize } from '../../simulator/oss/authorize.ts';
import { OssError } from '../../simulator/oss/error.ts';
import { type RunningRam, startSimulatedRam } from '../../simulator/ram/server.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { createStaticCredentials } from '../../simulator/static-credentials.ts';
import type { Config, Grant } from '../../src/config/config.ts';
import { createDecide } from '../../src/decide.ts';
import { isPrefix } from '../../src/grants/target.ts';
import type { AssumedRole, NarrowedGrant, SourceCredentials } from '../../src/ports.ts';
import { RefusalError } from '../../src/refusal.ts';
import { type CallRpc, createCallRpc } from '../../src/rpc/call-rpc.ts';
import { collectObjectAllowances } from '../../src/session-policy/session-policy.ts';
import { createSessionPolicyMemo } from '../../src/session-policy/session-policy-memo.ts';
import { createAssumeRole } from '../../src/sts/assume-role.ts';
import { runShell, type ShellCall } from '../docs/shell.ts';

export const ACCOUNT = '123456789012';
export const BROKER_ROLE = `acs:ram::${ACCOUNT}:role/oss-token-broker`;
export const BROKER_USER = `acs:ram::${ACCOUNT}:user/oss-token-broker`;
export const CALLER_ADDRESS = '203.0.113.7';

const BROKER: SourceCredentials = { accessKeyId: 'LTAIbroker', accessKeySecret: 'brokersecret' };
export const OPERATOR: SourceCredentials = {
  accessKeyId: 'LTAIoperator',
  accessKeySecret: 'operatorsecret',
};

export interface Account {
  readonly simulator: Simulator;
  readonly ram: RunningRam;
  readonly callRam: CallRpc;
  /** Runs commands for the aliyun CLI against the simulated RAM. Returns the other ones. */
  readonly run: (commands: string) => Promise<readonly (readonly string[])[]>;
  /** The same for calls that a shell recorded. */
  readonly replay: (calls: readonly ShellCall[]) => Promise<readonly (readonly string[])[]>;
  /** What does not work: one line for each grant and operation. Empty: all of every grant does. */
  readonly findProblems: (config: Config) => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

/** The broker runs as this identity, which has no permission yet. */
export async function startAccount(config: Config, brokerArn: string): Promise<Account> {
  const simulator = await startSimulator({
    now: Date.now,
    buckets: config.buckets.map(({ name }) => name),
    region: 'cn-hangzhou',
    regions: new Map(config.buckets.map(({ name, region }) => [name, region])),
    roles: [],
  });
  const { cloud } = simulator;
  const ram = await startSimulatedRam(cloud);
  const isUser = brokerArn === BROKER_USER;
  const name = brokerArn.slice(brokerArn.lastIndexOf('/') + 1);
  if (isUser) ram.account.users.set(name, new Set());
  const arn = isUser ? brokerArn : `acs:ram::${ACCOUNT}:assumed-role/${name}/fc`;
  cloud.identities.set(BROKER.accessKeyId, { ...BROKER, arn, policies: [[]] });
  cloud.identities.set(OPERATOR.accessKeyId, {
    ...OPERATOR,
    arn: `acs:ram::${ACCOUNT}:user/operator`,
    policies: [[{ Version: '1', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }]],
  });
  const callRam = createCallRpc({ endpoint: ram.url, credentials: OPERATOR });
  const { assumeRole } = createAssumeRole({
    region: config.region,
    sts: { endpoint: simulator.sts.url, network: 'public', timeoutMs: 5000 },
    sourceCredentials: createStaticCredentials(BROKER),
    now: Date.now,
  });

  async function run(commands: string): Promise<readonly (readonly string[])[]> {
    const { code, stderr, calls } = await runShell(commands);
    if (code !== 0) throw new Error(stderr);
    return replay(calls);
  }

  async function replay(calls: readonly ShellCall[]): Promise<readonly (readonly string[])[]> {
    const others: (readonly string[])[] = [];
    for (const { args } of calls) {
      const [product, action = '', ...options] = args;
      if (product !== 'ram') {
        others.push(args);
        continue;
      }
      const parameters: Record<string, string> = {};
      for (let at = 0; at < options.length; at += 2) {
        parameters[options[at]?.slice(2) ?? ''] = options[at + 1] ?? '';
      }
      await callRam({ action, version: '2015-05-01', parameters });
    }
    return others;
  }

  async function assume(narrowed: NarrowedGrant, policy: string): Promise<AssumedRole | string> {
    const { grant, durationSeconds } = narrowed;
    const { role: roleArn, externalId } = grant;
    try {
      return await assumeRole({
        caller: 'caller',
        roleArn,
        roleSessionName: 'session',
        durationSeconds,
        policy,
        ...(externalId === undefined ? {} : { externalId }),
      });
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      return `${grant.name}: ${error.refusal.reason}`;
    }
  }

  async function findProblems({ grants, issuers }: Config): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const grant of grants) {
      const { narrowed, policy } = decideFor(grant, issuers);
      const assumed = await assume(narrowed, policy);
      if (typeof assumed === 'string') {
        problems.push(assumed);
        continue;
      }
      const identity = cloud.identities.get(assumed.accessKeyId);
      if (identity === undefined) throw new Error('the simulated STS knows no session');
      for (const { action, bucket, key, prefix } of operationsOf(narrowed)) {
        try {
          authorize(cloud, identity, [{ action, bucket, key }], {
            method: 'GET',
            bucket,
            key,
            isPathStyle: false,
            query: new Map(prefix === undefined ? [] : [['prefix', prefix]]),
            headers: {},
            sourceIp: CALLER_ADDRESS,
            isSecure: true,
          });
        } catch (error) {
          if (!(error instanceof OssError)) throw error;
          problems.push(`${grant.name}: ${action} on ${bucket}/${key}: ${error.ec}`);
        }
      }
    }
    return problems;
  }

  return {
    simulator,
    ram,
    callRam,
    run,
    replay,
    findProblems,
    close: async () => {
      await Promise.all([simulator.close(), ram.close()]);
    },
  };
}

/** What the broker would send to STS for a caller whom the grant fits. */
export function decideFor(grant: Grant, issuers: Config['issuers']) {
  const issuer = issuers.find(({ name }) => name === grant.issuer);
  const suggestion = issuer === undefined ? undefined : suggestClaims(grant, issuer, 'alice');
  if (issuer === undefined || suggestion === undefined)
    throw new Error(`nobody gets ${grant.name}`);
  const { claims } = suggestion;
  const seconds = Math.floor(Date.now() / 1000);
  const token = { issuer, claims, subject: 'alice', issuedAt: seconds, expiresAt: seconds + 3600 };
  const decision = createDecide([grant], createSessionPolicyMemo(10))(token, {
    durationSeconds: grant.duration.maxSeconds,
    tokenLeftSeconds: 86_400,
    callerAddress: CALLER_ADDRESS,
  });
  if (decision.outcome === 'refused') throw decision.refusal;
  return { narrowed: decision.narrowed, policy: decision.policy.text };
}

/** One operation for each action on each target, and each listing. */
export function operationsOf({ grant, allowances }: NarrowedGrant) {
  const { publicAcl } = grant;
  const objects = collectObjectAllowances({ allowances, https: true, publicAcl });
  return [
    ...objects.flatMap(({ target, actions }) =>
      actions.map((action) => ({
        action,
        bucket: target.bucket,
        key: `${target.key}${isPrefix(target) ? 'file.txt' : ''}`,
        prefix: undefined,
      })),
    ),
    ...allowances
      .filter(({ permissions }) => permissions.includes('list'))
      .flatMap(({ target: { bucket, key } }) =>
        [key, `${key}a`].map((prefix) => ({ action: 'oss:ListObjects', bucket, key: '', prefix })),
      ),
  ];
}
