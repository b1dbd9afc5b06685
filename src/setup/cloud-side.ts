/** What a config needs of the account: roles, their policies, the broker's own policy and CORS rules. Plain data. */
import type { RamPolicy } from '../session-policy/ram-policy.ts';

export interface CloudSide {
  readonly broker: BrokerIdentity;
  /** The roles of the grants, by ARN. */
  readonly roles: readonly GrantRole[];
  readonly cors: readonly BucketCors[];
  /** What an operator should know of the above: whole sentences. */
  readonly notes: readonly string[];
}

export interface NamedPolicy {
  readonly name: string;
  readonly document: RamPolicy;
}

export interface GrantRole {
  readonly arn: string;
  readonly account: string;
  readonly name: string;
  readonly maxSessionSeconds: number;
  readonly trustPolicy: TrustPolicy;
  /** Together they are the permission policy. More than one if it is too long for one. */
  readonly policies: readonly NamedPolicy[];
}

/** What the broker signs AssumeRole with. */
export interface BrokerIdentity {
  readonly arn: string;
  readonly account: string;
  readonly kind: 'role' | 'user';
  readonly name: string;
  /** Absent: a user, or a role whose trust policy the config does not tell. */
  readonly trustPolicy?: TrustPolicy;
  readonly policies: readonly NamedPolicy[];
}

/** https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role */
export interface TrustPolicy {
  readonly Version: '1';
  readonly Statement: readonly TrustStatement[];
}

interface TrustStatement {
  readonly Effect: 'Allow';
  readonly Action: 'sts:AssumeRole';
  readonly Principal: { readonly RAM: readonly string[] } | { readonly Service: readonly string[] };
  readonly Condition?: {
    readonly StringEquals: { readonly 'sts:ExternalId': readonly string[] };
  };
}

export interface BucketCors {
  readonly bucket: string;
  readonly region: string;
  /** Where the bucket's settings are: the region's public endpoint, or that of a simulator. */
  readonly endpoint: string;
  readonly rule: CorsRule;
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/putbucketcors */
export interface CorsRule {
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
}
