/**
 * The config as the rest of the broker sees it: validated, frozen and plain data, so that it can also
 * be written as JSON and loaded without a YAML parser.
 */
import type { CredentialUrlSettings } from './credential-url-settings.ts';
import type { DenyLists, LimitSettings } from './limit-settings.ts';
import type { MetricsSettings, TelemetrySettings } from './monitoring-settings.ts';
import type { SourceCredentialsSettings } from './source-credentials-settings.ts';
import type { StoreSettings } from './store-settings.ts';

/** What a grant may allow on a target. Each name stands for a set of OSS actions. */
export type Permission = 'read' | 'write' | 'list' | 'delete';

/** The signature algorithms that an issuer may use. All are asymmetric. */
export type Algorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA';

export interface Config {
  /** Hex SHA-256 of everything else in this object. Configs with the same revision behave the same. */
  readonly revision: string;
  /** The origin at which callers reach the broker, e.g. `https://broker.example.com`. Absent: unknown. */
  readonly publicUrl?: string;
  /** The region of the STS endpoint, e.g. `cn-hangzhou`. */
  readonly region: string;
  readonly sts: StsSettings;
  readonly buckets: readonly Bucket[];
  readonly issuers: readonly TrustedIssuer[];
  readonly grants: readonly Grant[];
  /** The surfaces besides the native API, which is always on. Absent: none. */
  readonly surfaces?: SurfaceSettings;
  readonly cors: { readonly origins: readonly string[] };
  readonly audit: { readonly claims: readonly ClaimPath[] };
  /** Where the caller's address is read from. Absent: the address of the connection. */
  readonly callerAddress?: CallerAddressSettings;
  /** Absent: the role of the function on Function Compute, the environment elsewhere. */
  readonly sourceCredentials?: SourceCredentialsSettings;
  /** Absent: no rate limit but that of AssumeRole. */
  readonly limits?: LimitSettings;
  /** Absent: the memory of each instance. */
  readonly store?: StoreSettings;
  /** Absent: no port for Prometheus. */
  readonly metrics?: MetricsSettings;
  /** Absent: nothing is pushed. */
  readonly telemetry?: TelemetrySettings;
}

/** An absent surface is off, and its addresses do not exist. */
export interface SurfaceSettings {
  /** OAuth 2.0 token exchange (RFC 8693). */
  readonly tokenExchange?: true;
  readonly credentialUrls?: CredentialUrlSettings;
  /** AWS's `AssumeRoleWithWebIdentity` and container credentials. */
  readonly aws?: true;
  /** The STS-compatible API. */
  readonly sts?: StsSurfaceSettings;
}

export interface StsSurfaceSettings {
  /** What callers must send as OIDCProviderArn. Absent: it is not looked at. */
  readonly oidcProviderArn?: string;
}

export interface StsSettings {
  /** Host, or loopback `http://` URL in development. Absent: chosen from region and network. */
  readonly endpoint?: string;
  readonly network: 'public' | 'vpc';
  /** The time limit for one AssumeRole call, in milliseconds. */
  readonly timeoutMs: number;
}

export interface CallerAddressSettings {
  /** Lower-case header name, e.g. `x-forwarded-for`. */
  readonly header: string;
  /** How many proxies in front of the broker append to that header; at least 1. */
  readonly trustedHops: number;
}

export interface Bucket {
  readonly name: string;
  readonly region: string;
  /** Absolute URL without a trailing slash, as OSS clients accept it. */
  readonly endpoint: string;
  /** True when the endpoint is a custom domain bound to the bucket. */
  readonly cname: boolean;
}

/** The path of a claim in nested objects. A path of one element names a top-level claim. */
export type ClaimPath = readonly [string, ...string[]];

export interface TrustedIssuer {
  readonly name: string;
  /** Compared exactly with the `iss` claim. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly keys: KeySource;
  /** True: the issuer may have private network addresses. */
  readonly privateNetwork?: boolean;
  readonly algorithms: readonly Algorithm[];
  /** Accepted `typ` header values, lower case, without `application/`. An absent `typ` counts as `jwt`. */
  readonly types: readonly string[];
  readonly maxTokenAgeSeconds: number;
  readonly clockToleranceSeconds: number;
  /** Subject tokens issued before this time (seconds since the epoch) are refused. */
  readonly tokensValidAfter?: number;
  /** True: each subject token can be exchanged once. */
  readonly oneTimeTokens?: boolean;
  readonly deny?: DenyLists;
  readonly attributes: readonly AttributeRule[];
}

/** Where the keys of one issuer come from. */
export type KeySource =
  | { readonly kind: 'discovery' }
  | { readonly kind: 'jwksUri'; readonly uri: string }
  | { readonly kind: 'jwks'; readonly jwks: { readonly keys: readonly object[] } };

/** How one attribute is read from the claims of its issuer. */
export interface AttributeRule {
  readonly name: string;
  readonly claim: ClaimPath;
  /** True: the value is the base32 of the claim's SHA-256, and any string is accepted. */
  readonly hash: boolean;
  readonly grammar: Grammar;
}

export type Grammar =
  | { readonly kind: 'name' | 'uuid' | 'email' | 'subject' | 'path'; readonly maxLength: number }
  | { readonly kind: 'custom'; readonly characters: string; readonly maxLength: number };

/** `report`: evaluated and written to the audit log, but not acted on. */
export type Mode = 'enforce' | 'report';

export interface Grant {
  readonly name: string;
  /** The `name` of a trusted issuer. */
  readonly issuer: string;
  /** All must hold. */
  readonly when: readonly Condition[];
  /** `acs:ram::<account>:role/<name>` */
  readonly role: string;
  readonly externalId?: string;
  readonly allow: readonly [Allowance, ...Allowance[]];
  readonly duration: GrantDuration;
  readonly restrict: Restrictions;
  /** `deny`: uploaders cannot make objects public with `x-oss-object-acl`. */
  readonly publicAcl: 'deny' | 'allow';
  /** `report`: the grant gives no credentials, but what it would give is audited. Absent: enforced. */
  readonly mode?: Mode;
  /** True: the grant gives no credentials. */
  readonly disabled?: boolean;
  /** Subject tokens issued before this time (seconds since the epoch) are refused. */
  readonly tokensValidAfter?: number;
  readonly deny?: DenyLists;
}

export type ClaimValue = string | number | boolean;

export type Condition = Comparison & {
  /** `report`: not enforced, but audited when it does not hold. Absent: enforced. */
  readonly mode?: Mode;
};

type Comparison =
  | { readonly claim: ClaimPath; readonly operator: 'equals'; readonly value: ClaimValue }
  | { readonly claim: ClaimPath; readonly operator: 'in'; readonly values: readonly ClaimValue[] }
  | { readonly claim: ClaimPath; readonly operator: 'contains'; readonly value: ClaimValue }
  | { readonly claim: ClaimPath; readonly operator: 'startsWith'; readonly value: string }
  | { readonly claim: ClaimPath; readonly operator: 'exists'; readonly value: boolean };

export interface Allowance {
  readonly target: TargetTemplate;
  readonly permissions: readonly Permission[];
  /** Further OSS object actions from the allow-list of data-plane actions. */
  readonly actions: readonly string[];
}

/** `oss://bucket/key` with placeholders for attributes. */
export interface TargetTemplate {
  /** As the operator wrote it. */
  readonly text: string;
  readonly bucket: string;
  /** The parts of the key in order: literal text, or the name of an attribute. Empty: the whole bucket. */
  readonly key: readonly (string | { readonly attribute: string })[];
}

export interface GrantDuration {
  readonly defaultSeconds: number;
  readonly maxSeconds: number;
  /** True: a subject token with less than 900 s left (the minimum of STS) is refused. */
  readonly strict: boolean;
}

export interface Restrictions {
  readonly https: boolean;
  /** The addresses that may use the credential: the caller's own, or these (CIDR). */
  readonly sourceIp?: 'caller' | readonly string[];
}
