/** Starts the simulated cloud on loopback: STS and OSS over one account with a RAM user, a role and buckets. */
import { randomBytes } from 'node:crypto';
import { createCloud, type Identity, type Role, type SimulatedCloud } from './cloud.ts';
import { type RunningOss, startSimulatedOss } from './oss/server.ts';
import type { Undocumented } from './oss/undocumented.ts';
import { type RunningSts, startSimulatedSts } from './sts/server.ts';

export interface Simulator {
  readonly cloud: SimulatedCloud;
  readonly sts: RunningSts;
  readonly oss: RunningOss;
  /** The broker signs AssumeRole with them: a RAM user that may assume the role and nothing else. */
  readonly sourceCredentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly roleArn: string;
  close(): Promise<void>;
}

const ACCOUNT_ID = '123456789012';
const ROLE_ARN = `acs:ram::${ACCOUNT_ID}:role/oss-uploader`;
const BROKER_ARN = `acs:ram::${ACCOUNT_ID}:user/oss-token-broker`;

/** Starts STS and OSS over one account. `now` is in milliseconds. Port 0, the default, means any free port. */
export async function startSimulator(options: {
  readonly now: () => number;
  readonly buckets: readonly string[];
  readonly region: string;
  readonly corsOrigins?: readonly string[];
  readonly stsPort?: number;
  readonly ossPort?: number;
  /** What the documentation of OSS leaves open; by default the answers that give a caller most. */
  readonly undocumented?: Partial<Undocumented>;
}): Promise<Simulator> {
  const {
    now,
    buckets,
    region,
    corsOrigins = [],
    stsPort = 0,
    ossPort = 0,
    undocumented = {},
  } = options;
  const cloud = createCloud({ accountId: ACCOUNT_ID, now });
  const broker = createBrokerUser();
  cloud.identities.set(broker.accessKeyId, broker);
  cloud.roles.set(ROLE_ARN, createUploaderRole(buckets));
  for (const name of buckets) cloud.buckets.set(name, { name, region, corsOrigins });
  const sts = await startSimulatedSts({ cloud, port: stsPort });
  const oss = await startSimulatedOss({ cloud, port: ossPort, undocumented });
  const { accessKeyId, accessKeySecret } = broker;
  return {
    cloud,
    sts,
    oss,
    sourceCredentials: { accessKeyId, accessKeySecret },
    roleArn: ROLE_ARN,
    async close() {
      await Promise.all([sts.close(), oss.close()]);
    },
  };
}

/** Least privilege: this one role, instead of AliyunSTSAssumeRoleAccess. */
function createBrokerUser(): Identity {
  const Statement = [
    { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: ROLE_ARN.replace('::', ':*:') } as const,
  ];
  return {
    accessKeyId: `LTAI${randomBytes(10).toString('hex')}`,
    accessKeySecret: randomBytes(15).toString('hex'),
    arn: BROKER_ARN,
    policies: [[{ Version: '1', Statement }]],
  };
}

/** The role allows more than any grant, as real roles do: the session policy narrows it. */
function createUploaderRole(buckets: readonly string[]): Role {
  const Resource = buckets.flatMap((name) => [`acs:oss:*:*:${name}`, `acs:oss:*:*:${name}/*`]);
  return {
    arn: ROLE_ARN,
    policies: [{ Version: '1', Statement: [{ Effect: 'Allow', Action: 'oss:*', Resource }] }],
    trustedArns: [BROKER_ARN],
    maxSessionDurationSeconds: 3600,
  };
}
