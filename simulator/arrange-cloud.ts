/** Fills a simulated account: a RAM user for the broker, the roles that it may assume, and buckets. */
import { randomBytes } from 'node:crypto';
import type { Identity, Role, SimulatedCloud } from './cloud.ts';

/** A role that trusts the broker, and allows everything in every bucket. */
export type SimulatedRole = Pick<Role, 'arn' | 'externalId' | 'maxSessionDurationSeconds'>;

/** What an account holds besides its sessions. */
export interface Account {
  readonly roles: readonly SimulatedRole[];
  readonly buckets: readonly string[];
  /** Of every bucket, unless `regions` has another for it. */
  readonly region: string;
  readonly regions?: ReadonlyMap<string, string>;
  readonly corsOrigins?: readonly string[];
}

const BROKER_ARN = 'acs:ram::123456789012:user/oss-token-broker';

/** Takes the place of the roles and buckets that were there. Returns the broker's user, a new one each time. */
export function arrangeCloud(cloud: SimulatedCloud, account: Account): Identity {
  const { roles, buckets, region, regions, corsOrigins = [] } = account;
  const broker = createBrokerUser(roles);
  cloud.identities.set(broker.accessKeyId, broker);
  cloud.roles.clear();
  for (const role of roles) cloud.roles.set(role.arn, createRole(role, buckets));
  cloud.buckets.clear();
  for (const name of buckets) {
    cloud.buckets.set(name, { name, region: regions?.get(name) ?? region, corsOrigins });
  }
  return broker;
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
