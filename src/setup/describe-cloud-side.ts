/** Computes what a config needs of the account, and nothing more. */
import type { Config, Grant } from '../config/config.ts';
import type { Target } from '../ports.ts';
import type { RamPolicy, RamStatement } from '../session-policy/ram-policy.ts';
import { brokerTrustPolicy, findBrokerIdentity, type Identity } from './broker-identity.ts';
import type { BucketCors, CloudSide, GrantRole, NamedPolicy, TrustPolicy } from './cloud-side.ts';
import { collectNotes } from './notes.ts';
import { permissionPolicy } from './permission-policy.ts';
import { SetupProblem } from './setup-problem.ts';
import { MAX_POLICIES, splitPolicy } from './split-policy.ts';

/** What the config does not tell. */
export interface SetupOptions {
  /** `acs:ram::<account>:role/<name>` or `…:user/<name>`. Absent: the role in the config. */
  readonly broker?: string | undefined;
  /** Where Function Compute writes the audit log. Absent: the function writes none there. */
  readonly logStore?: { readonly project: string; readonly store: string } | undefined;
  /** The object that the broker reads its config from. Absent: from no object. */
  readonly configObject?: Target | undefined;
}

/** RAM allows no less: https://www.alibabacloud.com/help/en/ram/api-createrole */
const MIN_MAX_SESSION_SECONDS = 3600;

/**
 * Grants that are disabled or in report mode count too, so that turning them on changes nothing in
 * the account. Throws a SetupProblem if the broker's identity is unknown, or a role needs more
 * policies than RAM attaches.
 */
export function describeCloudSide(config: Config, options: SetupOptions): CloudSide {
  const identity = findBrokerIdentity(config, options.broker);
  const trustPolicy = brokerTrustPolicy(config, identity);
  const byRole = new Map<string, Grant[]>();
  for (const grant of config.grants) {
    byRole.set(grant.role, [...(byRole.get(grant.role) ?? []), grant]);
  }
  const roles = [...byRole].sort(([left], [right]) => (left < right ? -1 : 1));
  const namePolicies = createNamePolicies();
  const grantRoles = roles.map(([arn, grants]) =>
    describeRole(arn, grants, identity, namePolicies),
  );
  return {
    broker: {
      ...identity,
      ...(trustPolicy === undefined ? {} : { trustPolicy }),
      policies: namePolicies(identity.name, brokerPolicy(grantRoles, identity, options)),
    },
    roles: grantRoles,
    cors: describeCors(config),
    notes: collectNotes(config, identity, trustPolicy !== undefined),
  };
}

function describeRole(
  arn: string,
  grants: readonly Grant[],
  broker: Identity,
  namePolicies: NamePolicies,
): GrantRole {
  const [, , , account = '', path = ''] = arn.split(':');
  const name = path.slice('role/'.length);
  const longest = Math.max(...grants.map(({ duration }) => duration.maxSeconds));
  return {
    arn,
    account,
    name,
    maxSessionSeconds: Math.max(MIN_MAX_SESSION_SECONDS, longest),
    trustPolicy: trustBroker(broker, grants),
    policies: namePolicies(name, permissionPolicy(grants)),
  };
}

/** The external ID is required only if every grant of the role sends one. */
function trustBroker(broker: Identity, grants: readonly Grant[]): TrustPolicy {
  const sent = grants.flatMap(({ externalId }) => externalId ?? []);
  const externalIds = [...new Set(sent)].sort();
  const Condition = { StringEquals: { 'sts:ExternalId': externalIds } };
  return {
    Version: '1',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { RAM: [broker.arn] },
        ...(sent.length === grants.length ? { Condition } : {}),
      },
    ],
  };
}

function brokerPolicy(
  roles: readonly GrantRole[],
  { account }: Identity,
  { logStore, configObject }: SetupOptions,
): RamPolicy {
  const statements: RamStatement[] = [
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      // RAM writes a role's region as a wildcard here
      Resource: roles.map(({ arn }) => arn.replace('acs:ram::', 'acs:ram:*:')),
    },
  ];
  if (configObject !== undefined) {
    const { bucket, key } = configObject;
    const Resource = `acs:oss:*:*:${bucket}/${key}`;
    statements.push({ Effect: 'Allow', Action: 'oss:GetObject', Resource });
  }
  if (logStore !== undefined) {
    const { project, store } = logStore;
    const Resource = `acs:log:*:${account}:project/${project}/logstore/${store}`;
    statements.push({ Effect: 'Allow', Action: 'log:PostLogStoreLogs', Resource });
  }
  return { Version: '1', Statement: statements };
}

type NamePolicies = (owner: string, policy: RamPolicy) => readonly NamedPolicy[];

/** Names of policies are letters, digits and "-", and each stands once in an account. */
function createNamePolicies(): NamePolicies {
  const taken = new Set<string>();
  return (owner, policy) => {
    const parts = splitPolicy(policy);
    if (parts.length > MAX_POLICIES) {
      throw new SetupProblem(
        `${owner} needs ${parts.length} policies, and RAM attaches at most ${MAX_POLICIES}; give some grants another role`,
      );
    }
    const base = owner.replace(/[^A-Za-z0-9-]/g, '-');
    return parts.map((document, index) => {
      let name = parts.length === 1 ? base : `${base}-${index + 1}`;
      while (taken.has(name)) name = `${name}-x`;
      taken.add(name);
      return { name, document };
    });
  };
}

/** Every bucket of a grant, for the pages that may call the broker. */
function describeCors({ buckets, grants, cors }: Config): readonly BucketCors[] {
  if (cors.origins.length === 0) return [];
  const granted = new Set(grants.flatMap(({ allow }) => allow.map(({ target }) => target.bucket)));
  return buckets
    .filter(({ name }) => granted.has(name))
    .map(({ name, region, endpoint }) => ({
      bucket: name,
      region,
      endpoint: endpoint.startsWith('http://') ? endpoint : `https://oss-${region}.aliyuncs.com`,
      rule: {
        allowedOrigins: cors.origins,
        allowedMethods: ['GET', 'PUT', 'POST', 'DELETE', 'HEAD'],
        allowedHeaders: ['*'],
        exposeHeaders: ['ETag', 'x-oss-request-id'],
      },
    }));
}
