/** What the pipeline calls and what passes between its steps. Types alone, so that no step needs to know another. */
import type { Grant, Permission, TrustedIssuer } from './config/config.ts';

/** What a caller asks for, as read from the surface that the caller used. */
export interface CredentialRequest {
  readonly subjectToken: string;
  /** The name of a grant. Absent: the only one that fits. */
  readonly grant?: string;
  readonly target?: string;
  readonly permissions?: readonly Permission[];
  readonly durationSeconds?: number;
}

/** Where a request came from. */
export interface Origin {
  readonly requestId: string;
  /** IP address, from the place that the config trusts. Absent where it is not known. */
  readonly callerAddress?: string;
}

/** Reads one request header by its name in lower case. */
export type ReadHeader = (name: string) => string | undefined;

// 1. verify

/** Claims without a prototype, so that a claim named `__proto__` is only a claim. */
export type Claims = Readonly<Record<string, unknown>>;

/** A subject token that has passed every check: the only form in which the pipeline knows one. */
export interface SubjectToken {
  readonly issuer: TrustedIssuer;
  readonly claims: Claims;
  /** `sub`: a non-empty string. */
  readonly subject: string;
  /** `jti`, where the issuer sets one. */
  readonly tokenId?: string;
  /** `kid` of the key that verified it, from the issuer's keys and not from the token. */
  readonly keyId?: string;
  /** `iat` and `exp`: whole seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Verifies a compact JWS. Throws a refusal; never anything that holds the token. */
export type VerifySubjectToken = (compactJws: string) => Promise<SubjectToken>;

// 2. match

export interface Target {
  readonly bucket: string;
  /** Empty: the whole bucket. Ends in `/`: everything below that prefix. Else: one object. */
  readonly key: string;
}

/** What is allowed on one target, once the attributes are in it. */
export interface GrantedTarget {
  readonly target: Target;
  readonly permissions: readonly Permission[];
  /** Further OSS object actions. */
  readonly actions: readonly string[];
}

/** A grant that fits the caller, with all that it allows this caller. */
export interface MatchedGrant {
  readonly grant: Grant;
  readonly allowances: readonly GrantedTarget[];
}

// 3. narrow

/** What the caller asks a grant for, and what bounds it besides the grant. */
export interface Asked {
  readonly target?: Target | undefined;
  readonly permissions?: readonly Permission[] | undefined;
  readonly durationSeconds?: number | undefined;
  /** What is left of the subject token's life. */
  readonly tokenLeftSeconds: number;
  readonly callerAddress: string | undefined;
}

/** All that a credential may do, for how long, and from which addresses. */
export interface NarrowedGrant extends MatchedGrant {
  readonly durationSeconds: number;
  /** IP addresses or CIDR ranges. Absent: from anywhere. */
  readonly sourceIps?: readonly string[];
}

// 4. render

export interface SessionPolicyInput {
  /** At least one, each with at least one permission or action. */
  readonly allowances: readonly GrantedTarget[];
  /** True: requests over plain HTTP are denied. */
  readonly https: boolean;
  /** IP addresses or CIDR ranges that requests must come from. */
  readonly sourceIps?: readonly string[];
  readonly publicAcl: Grant['publicAcl'];
}

export interface SessionPolicy {
  /** What STS gets: the policy serialised once, without white space. */
  readonly text: string;
  /** Length of the text in UTF-8. The renderer sets no limit. */
  readonly bytes: number;
  /** Hex SHA-256 of the text, for the audit line. */
  readonly sha256: string;
}

export type RenderSessionPolicy = (input: SessionPolicyInput) => SessionPolicy;

// 5. limit

export type RateLimitScope = 'subject' | 'issuer' | 'address' | 'refused_tokens';

/** What is left of a rate limit, in the units that callers are told. */
export interface RateLimitState {
  readonly scope: RateLimitScope;
  readonly limit: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Whole seconds until the window ends; at least 1. */
  readonly resetSeconds: number;
}

/** Who asks for what, once every check before the limits has said yes. */
export interface LimitedRequest {
  readonly token: SubjectToken;
  readonly grant: Grant;
  readonly callerAddress: string | undefined;
}

export interface Permit {
  /** What the caller has left, of the limits that are its own. */
  readonly rateLimits: readonly RateLimitState[];
  /** Gives back the one use of the token, for a request that was refused later on. Never throws. */
  readonly withdraw: () => Promise<void>;
}

/**
 * Throws `subject_denied`, `token_denied`, `key_denied`, `grant_disabled` or `token_revoked`. Called
 * with the grant that was matched: a kill switch refuses, and never changes one grant for another.
 */
export type CheckKillSwitches = (token: SubjectToken, grant: Grant) => void;

export interface Limits {
  /**
   * Verifies a subject token, unless too many tokens from the same address were refused lately. Then
   * it throws `rate_limited` and does not look at the token.
   */
  readonly guardVerification: (
    callerAddress: string | undefined,
    verify: () => Promise<SubjectToken>,
  ) => Promise<SubjectToken>;
  /** Counts the request. Throws the refusals of the kill switches, rate limits and one-time tokens. */
  readonly admit: (request: LimitedRequest) => Promise<Permit>;
  /** The part of `admit` that counts nothing. */
  readonly checkKillSwitches: CheckKillSwitches;
}

// 6. assume

export interface AssumeRoleRequest {
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly durationSeconds: number;
  /** The session policy, serialised. Never absent: without it the session would have all of the role. */
  readonly policy: string;
  readonly externalId?: string;
}

export interface AssumedRole {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
  /** As STS wrote it: UTC, whole seconds, `Z`. */
  readonly expiration: string;
  readonly expiresAtMs: number;
  readonly stsRequestId?: string;
  /** True when an earlier STS answer is used again. */
  readonly isCached: boolean;
}

/** Calls STS AssumeRole, or finds its earlier answer. Throws refusals only. */
export type AssumeRole = (request: AssumeRoleRequest) => Promise<AssumedRole>;

/** What the broker itself signs AssumeRole with. */
export interface SourceCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Present if and only if the credentials are temporary. */
  readonly securityToken?: string;
  /** Milliseconds since the epoch. Absent: never, or not known. */
  readonly expiresAtMs?: number;
}

export interface SourceCredentialsProvider {
  /**
   * Gives the present source credentials: the same object for as long as they are the same.
   * Throws the refusal `source_credentials_unavailable`.
   */
  readonly get: () => Promise<SourceCredentials>;
  /**
   * Looks for newer source credentials after STS refused those that `get` gave. Gives the same ones
   * back if there are none. Throws the refusal `source_credentials_unavailable`.
   */
  readonly renew: (refused: SourceCredentials) => Promise<SourceCredentials>;
}

// 7. answer

export interface IssuedCredential {
  readonly assumedRole: AssumedRole;
  /** When a client should come back for the next credential, in milliseconds since the epoch. */
  readonly refreshAfterMs: number;
  readonly grantName: string;
  readonly allowances: readonly GrantedTarget[];
  /** What the caller has left. */
  readonly rateLimits: readonly RateLimitState[];
}
