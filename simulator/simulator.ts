/** Starts the simulated cloud on loopback: STS and OSS over one account with a RAM user, roles and buckets. */
import { randomBytes } from 'node:crypto';
import { createCloud, type Identity, type Role, type SimulatedCloud } from './cloud.ts';
import type { SimulatedOssOptions } from './oss/oss.ts';
import { type RunningOss, startSimulatedOss } from './oss/server.ts';
import type { Undocumented } from './oss/undocumented.ts';
import { type RunningSts, startSimulatedSts } from './sts/server.ts';
import { onUsualPort } from './usual-port.ts';

export interface Simulator {
  readonly cloud: SimulatedCloud;
  readonly sts: RunningSts;
  readonly oss: RunningOss;
  /** The broker signs AssumeRole with them: a RAM user that may assume the roles and nothing else. */
  readonly sourceCredentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly roleArn: string;
  close(): Promise<void>;
}

/** A role that trusts the broker, and allows everything in every bucket. */
export type SimulatedRole = Pick<Role, 'arn' | 'externalId' | 'maxSessionDurationSeconds'>;

const ACCOUNT_ID = '123456789012';
const ROLE_ARN = `acs:ram::${ACCOUNT_ID}:role/oss-uploader`;
const BROKER_ARN = `acs:ram::${ACCOUNT_ID}:user/oss-token-broker`;
const UPLOADER: SimulatedRole = { arn: ROLE_ARN, maxSessionDurationSeconds: 3600 };

/** Starts STS and OSS over one account. `now` is in milliseconds. Port 0, the default, means any free port, and so does a port that is taken. */
export async function startSimulator(options: {
  readonly now: () => number;
  readonly buckets: readonly string[];
  /** Of every bucket, unless `regions` has another for it. */
  readonly region: string;
  readonly regions?: ReadonlyMap<string, string>;
  /** One role by default. */
  readonly roles?: readonly SimulatedRole[];
  readonly corsOrigins?: readonly string[];
  readonly longestSessionSeconds?: number;
  readonly connection?: SimulatedOssOptions['connection'];
  readonly stsPort?: number;
  readonly ossPort?: number;
  /** What the documentation of OSS leaves open; by default the answers that give a caller most. */
  readonly undocumented?: Partial<Undocumented>;
}): Promise<Simulator> {
  const { now, buckets, region, regions, corsOrigins = [], stsPort = 0, ossPort = 0 } = options;
  const { undocumented = {} } = options;
  const { roles = [UPLOADER], longestSessionSeconds, connection } = options;
  const cloud = createCloud({
    accountId: ACCOUNT_ID,
    now,
    ...(longestSessionSeconds === undefined ? {} : { longestSessionSeconds }),
  });
  const broker = createBrokerUser(roles);
  cloud.identities.set(broker.accessKeyId, broker);
  for (const role of roles) cloud.roles.set(role.arn, createRole(role, buckets));
  for (const name of buckets) {
    cloud.buckets.set(name, { name, region: regions?.get(name) ?? region, corsOrigins });
  }
  const sts = await onUsualPort(stsPort, (port) => startSimulatedSts({ cloud, port }));
  const oss = await onUsualPort(ossPort, (port) =>
    startSimulatedOss({
      cloud,
      port,
      undocumented,
      ...(connection === undefined ? {} : { connection }),
    }),
  );
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

/** Least privilege: these roles, instead of AliyunSTSAssumeRoleAccess. */
function createBrokerUser(roles: readonly SimulatedRole[]): Identity {
  const Resource = roles.map(({ arn }) => arn.replace('::', ':*:'));
  const Statement = [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource } as const];
  return {
    accessKeyId: `LTAI${randomBytes(10).toString('hex')}`,
    accessKeySecret: randomBytes(15).toString('hex'),
    arn: BROKER_ARN,
    policies: [[{ Version: '1', Statement }]],
  };
}

/** The role allows more than any grant, as real roles do: the session policy narrows it. */
function createRole(role: SimulatedRole, buckets: readonly string[]): Role {
  const Resource = buckets.flatMap((name) => [`acs:oss:*:*:${name}`, `acs:oss:*:*:${name}/*`]);
  return {
    ...role,
    policies: [{ Version: '1', Statement: [{ Effect: 'Allow', Action: 'oss:*', Resource }] }],
    trustedArns: [BROKER_ARN],
  };
}
