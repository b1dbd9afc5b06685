/** The state of the simulated RAM: documents as they were sent, and what follows from them for STS and OSS. */
import type { RamPolicy } from '../../src/session-policy/ram-policy.ts';
import type { SimulatedCloud } from '../cloud.ts';

export interface RamAccount {
  /** By name. */
  readonly roles: Map<string, RamRole>;
  readonly policies: Map<string, StoredPolicy>;
  /** The names of attached policies, by the name of the user. */
  readonly users: Map<string, Set<string>>;
  /** Gives STS and OSS the policies that are attached now. Call it after every change. */
  readonly apply: () => void;
}

export interface RamRole {
  readonly trustPolicy: TrustDocument;
  readonly maxSessionSeconds: number;
  readonly attached: Set<string>;
}

interface StoredPolicy {
  readonly type: 'Custom' | 'System';
  readonly document: RamPolicy;
}

/** The parts of a trust policy that the simulated STS evaluates. */
export interface TrustDocument {
  readonly Version: string;
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: string;
    readonly Principal: Readonly<Record<string, readonly string[]>>;
    readonly Condition?: { readonly StringEquals?: { readonly 'sts:ExternalId'?: unknown } };
  }[];
}

/** Makes an account without roles, users and policies. */
export function createRamAccount(cloud: SimulatedCloud): RamAccount {
  const roles = new Map<string, RamRole>();
  const policies = new Map<string, StoredPolicy>();
  const users = new Map<string, Set<string>>();
  const documentsOf = (names: ReadonlySet<string>) =>
    [...names].flatMap((name) => policies.get(name)?.document ?? []);

  function apply(): void {
    for (const [name, { trustPolicy, maxSessionSeconds, attached }] of roles) {
      const arn = `acs:ram::${cloud.accountId}:role/${name}`;
      const externalIds = externalIdsOf(trustPolicy);
      cloud.roles.set(arn, {
        arn,
        policies: documentsOf(attached),
        trustedArns: trustPolicy.Statement.flatMap(({ Principal }) => Principal['RAM'] ?? []),
        maxSessionDurationSeconds: maxSessionSeconds,
        ...(externalIds === undefined ? {} : { externalIds }),
      });
    }
    for (const [id, identity] of cloud.identities) {
      const [, user = '', role = ''] =
        /:user\/(.+)$|:assumed-role\/([^/]+)\//.exec(identity.arn) ?? [];
      const attached = users.get(user) ?? roles.get(role)?.attached;
      if (attached === undefined) continue;
      const [, ...session] = identity.policies;
      cloud.identities.set(id, { ...identity, policies: [documentsOf(attached), ...session] });
    }
  }

  return { roles, policies, users, apply };
}

function externalIdsOf({ Statement }: TrustDocument): readonly string[] | undefined {
  const asked = Statement.flatMap(
    ({ Condition }) => Condition?.StringEquals?.['sts:ExternalId'] ?? [],
  );
  const ids = asked.filter((id) => typeof id === 'string');
  return asked.length === 0 ? undefined : ids;
}
