/** The state that the simulated STS and OSS share: identities, roles, buckets and OIDC providers. */
import type { JSONWebKeySet } from 'jose';
import type { RamPolicy } from '../src/session-policy/ram-policy.ts';

/** A signing identity: a RAM user, or one session of an assumed role. */
export interface Identity {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Present for sessions of a role. */
  readonly securityToken?: string;
  /** Milliseconds since the epoch. Absent: never. */
  readonly expiresAtMs?: number;
  /** `acs:ram::<account>:user/<name>` or `acs:ram::<account>:assumed-role/<role>/<session>` */
  readonly arn: string;
  /** Every set must allow a request: a user has one, a session has role policies and a session policy. */
  readonly policies: readonly (readonly RamPolicy[])[];
  /** Set when the session was opened, and kept by every session opened from it. */
  readonly sourceIdentity?: string;
}

export interface Role {
  /** `acs:ram::<account>:role/<name>` */
  readonly arn: string;
  readonly policies: readonly RamPolicy[];
  /**
   * RAM ARNs of the identities that may assume this role. `acs:ram::<account>:root` means everybody in the account;
   * `acs:ram::<account>:oidc-provider/<name>` means every holder of a token of that OIDC provider.
   */
  readonly trustedArns: readonly string[];
  readonly externalId?: string;
  /** Any of these is accepted. Absent: none is required but `externalId`. */
  readonly externalIds?: readonly string[];
  readonly maxSessionDurationSeconds: number;
}

export interface SimulatedCloud {
  readonly accountId: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Sessions end after this time at the latest, even below the 900 s of the real STS. Absent: as asked. */
  readonly longestSessionSeconds?: number;
  /** By AccessKeyId: RAM users, and every session that the simulated STS has issued. */
  readonly identities: Map<string, Identity>;
  /** By ARN. */
  readonly roles: Map<string, Role>;
  /** By bucket name. */
  readonly buckets: Map<string, SimulatedBucket>;
  /** By ARN, `acs:ram::<account>:oidc-provider/<name>`. */
  readonly oidcProviders: Map<string, OidcProvider>;
}

/** An external issuer whose tokens AssumeRoleWithOIDC accepts. */
export interface OidcProvider {
  /** Compared exactly with `iss`. */
  readonly issuer: string;
  /** RAM calls them client IDs; the token's `aud` must contain one of them. */
  readonly audiences: readonly string[];
  readonly jwks: JSONWebKeySet;
}

export interface SimulatedBucket {
  readonly name: string;
  readonly region: string;
  readonly corsOrigins: readonly string[];
  /** The endpoint of its region, e.g. `oss-cn-beijing.aliyuncs.com`. Present: this endpoint is of another one, and refers to it. */
  readonly elsewhere?: string;
}

/** Makes an empty account. */
export function createCloud(options: {
  readonly accountId: string;
  readonly now: () => number;
  readonly longestSessionSeconds?: number;
}): SimulatedCloud {
  return {
    ...options,
    identities: new Map(),
    roles: new Map(),
    buckets: new Map(),
    oidcProviders: new Map(),
  };
}
