/** Types of what the pipeline calls and of what its steps exchange, so that no step imports another. */
import type { Grant, Permission, TrustedIssuer } from './config/config.ts';
import type { RefusalError } from './refusal.ts';

/** What a caller asks for, as the surface parsed it. */
export interface CredentialRequest {
  /** The name of a grant. Absent: the only grant that fits. */
  readonly grant?: string;
  /** The role of a grant, or its alias `acs:ram::<account>:role/<grant>`. Absent: any role. */
  readonly roleArn?: string;
  readonly target?: string;
  readonly permissions?: readonly Permission[];
  readonly durationSeconds?: number;
  /**
   * A duration that the client sends where nobody chose one. A grant with a shorter maximum then gives
   * its maximum, and does not refuse. Not together with `durationSeconds`.
   */
  readonly usualDurationSeconds?: number;
  /** What a policy that the caller sent allows. Absent: all that the grant does. */
  readonly policy?: readonly AskedAllowance[];
}

/** One statement of a caller's policy. */
export interface AskedAllowance {
  /** Of those that a session policy of the broker may contain. */
  readonly actions: readonly string[];
  /** `<bucket>` or `<bucket>/<key>`. */
  readonly resources: readonly NamePattern[];
  /** What `oss:Prefix` of a listing must be. Absent: anything, or nothing. */
  readonly prefixes?: readonly NamePattern[];
}

/** One text, or all that begin with it. */
export interface NamePattern {
  readonly text: string;
  readonly isPrefix: boolean;
}

/** Bounded text of what the caller sent, well-formed or not. Absent members were not sent. */
export interface Requested {
  readonly grant?: string;
  readonly roleArn?: string;
  readonly target?: string;
  /** Separated by commas. */
  readonly permissions?: string;
  readonly duration?: string;
  readonly roleSessionName?: string;
  readonly policy?: string;
}

/** One folder of `src/api`, by the name that the audit line has. */
export type Surface = 'native' | 'token_exchange' | 'sts' | 'aws' | 'credential_urls';

/** Where a request came from. */
export interface Origin {
  readonly requestId: string;
  /** IP address, from the source that the config trusts. Absent: unknown. */
  readonly callerAddress?: string;
}

/** Reads one request header by its name in lower case. */
export type ReadHeader = (name: string) => string | undefined;

// 1. verify

/** Claims without a prototype, so that a claim named `__proto__` is an ordinary claim. */
export type Claims = Readonly<Record<string, unknown>>;

/** A subject token that passed every check. The steps after verification see this form only. */
export interface SubjectToken {
  readonly issuer: TrustedIssuer;
  readonly claims: Claims;
  /** `sub`: a non-empty string. */
  readonly subject: string;
  /** `jti`, if the issuer sets one. */
  readonly tokenId?: string;
  /** `kid` of the key that verified it, from the issuer's keys and not from the token. */
  readonly keyId?: string;
  /** How long before the verification the issuer's keys were loaded. Absent: they are from the config. */
  readonly keyAgeSeconds?: number;
  /** `iat` and `exp`: whole seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Present if a credential URL stands for the token. */
  readonly ticket?: Ticket;
}

/** Verifies a compact JWS. Throws a refusal. No thrown error contains the token. */
export type VerifySubjectToken = (compactJws: string) => Promise<SubjectToken>;

/** A credential URL, as the limits see it. */
export interface Ticket {
  readonly id: string;
  /** How many credentials it gives. Absent: any number. */
  readonly uses?: number;
  /** What it says itself, in seconds since the epoch. The live config may end it earlier. */
  readonly expiresAt: number;
}

/** A verified subject token without its signature: enough to check everything else again. */
export interface KeptToken {
  /** The members of its header that were checked. */
  readonly header: { readonly alg: string; readonly kid?: string; readonly typ?: string };
  /** SHA-256 of the key that verified it, as base64url. */
  readonly keyThumbprint: string;
  readonly claims: Claims;
}

export interface TokenKeeper {
  /** Only for a token of the same verifier, as the same object. */
  readonly keep: (token: SubjectToken) => KeptToken;
  /**
   * Verifies a kept token against the live config and the issuer's present keys, as if its signature
   * had just been checked. `endsAt` (seconds since the epoch) takes the place of `exp`. Throws a refusal.
   */
  readonly verifyKept: (kept: KeptToken, endsAt: number) => Promise<SubjectToken>;
}

/** Encrypts and decrypts the text of tickets. */
export interface TicketSeal {
  /** Throws `ticket_too_large`. */
  readonly seal: (text: string) => Promise<string>;
  /** Throws `ticket_invalid` for every text that this seal did not make with a key of the config. */
  readonly open: (ticket: string) => Promise<string>;
}

// 3. match

export interface Target {
  readonly bucket: string;
  /** Empty: the whole bucket. Ends in `/`: everything below that prefix. Otherwise: one object. */
  readonly key: string;
}

/** What is allowed on one target, after its attributes are filled in. */
export interface GrantedTarget {
  readonly target: Target;
  readonly permissions: readonly Permission[];
  /** OSS object actions beyond the permissions. */
  readonly actions: readonly string[];
}

/** A grant that fits the caller, and everything that it allows this caller. */
export interface MatchedGrant {
  readonly grant: Grant;
  readonly allowances: readonly GrantedTarget[];
}

// 4. narrow

/** What the caller asks for, and the bounds that do not come from the grant. */
export interface Asked {
  readonly target?: Target | undefined;
  readonly permissions?: readonly Permission[] | undefined;
  readonly durationSeconds?: number | undefined;
  readonly usualDurationSeconds?: number | undefined;
  readonly policy?: readonly AskedAllowance[] | undefined;
  /** Seconds until the subject token expires. */
  readonly tokenLeftSeconds: number;
  readonly callerAddress: string | undefined;
}

/** Everything that a credential may do, for how long, and from which addresses. */
export interface NarrowedGrant extends MatchedGrant {
  readonly durationSeconds: number;
  /** IP addresses or CIDR ranges. Absent: any address. */
  readonly sourceIps?: readonly string[];
}

// 5. render

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
  /** The policy as STS receives it: serialised once, without white space. */
  readonly text: string;
  /** Length of the text in UTF-8. The renderer does not limit it. */
  readonly bytes: number;
  /** Hex SHA-256 of the text, for the audit line. */
  readonly sha256: string;
}

export type RenderSessionPolicy = (input: SessionPolicyInput) => SessionPolicy;

// 3. to 5. decide

/** What a verified subject token gets, before anything is counted or STS is asked. */
export type Decision =
  | {
      readonly outcome: 'granted';
      readonly grant: Grant;
      /** How many targets the grant has for the token, before it is narrowed. */
      readonly matchedTargets: number;
      readonly narrowed: NarrowedGrant;
      readonly policy: SessionPolicy;
      readonly roleSessionName: string;
    }
  | {
      readonly outcome: 'refused';
      readonly refusal: RefusalError;
      /** Present if the refusal came after the match. */
      readonly grant?: Grant;
      readonly matchedTargets?: number;
      /** Present if the refusal came after narrowing. */
      readonly narrowed?: NarrowedGrant;
    };

/** Matches, narrows and renders. Depends on nothing but its input. Throws for a defect only. */
export type Decide = (
  token: SubjectToken,
  asked: Asked & { readonly grant?: string | undefined; readonly roleArn?: string | undefined },
) => Decision;

// 2. and 6. limit

export type RateLimitScope = 'subject' | 'issuer' | 'address' | 'refused_tokens' | 'assume_role';

/** The state of a rate limit, in the units of the answer. */
export interface RateLimitState {
  readonly scope: RateLimitScope;
  readonly limit: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Whole seconds until the window ends; at least 1. */
  readonly resetSeconds: number;
}

export interface Permit {
  /** Releases the one use of the token after a later refusal. Never throws. */
  readonly withdraw: () => Promise<void>;
}

/**
 * Throws `subject_denied`, `token_denied`, `key_denied`, `grant_disabled` or `token_revoked`. Runs
 * on the matched grant, so that a kill switch never selects another grant.
 */
export type CheckKillSwitches = (token: SubjectToken, grant: Grant) => void;

export interface Limits {
  /**
   * Verifies a subject token. Throws `rate_limited` without looking at the token if too many tokens
   * from the same address were refused recently.
   */
  readonly guardVerification: (
    callerAddress: string | undefined,
    verify: () => Promise<SubjectToken>,
  ) => Promise<SubjectToken>;
  /**
   * Counts the request for its subject and its address, and returns the state of these limits. Runs
   * before the work that a caller's claims decide. Throws `rate_limited` and the refusals of the
   * issuer's kill switches.
   */
  readonly admitCaller: (
    token: SubjectToken,
    callerAddress: string | undefined,
  ) => Promise<readonly RateLimitState[]>;
  /**
   * Counts what only a request within its grant may use up: the token, or the ticket that stands for it,
   * then the limit of the issuer. Throws the refusals of the grant's kill switches, of one-time tokens, of
   * used-up tickets and of that limit. A refused request uses up neither token nor ticket.
   */
  readonly admit: (token: SubjectToken, grant: Grant) => Promise<Permit>;
  /** The kill switches alone. Counts nothing. */
  readonly checkKillSwitches: CheckKillSwitches;
}

// 7. assume

export interface AssumeRoleRequest {
  /** Whose request it is: a text that stands for issuer and subject. STS does not get it. */
  readonly caller: string;
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly durationSeconds: number;
  /** The serialised session policy. Required: without it the session could do all that the role can. */
  readonly policy: string;
  readonly externalId?: string;
}

export interface AssumedRole {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
  /** As STS sent it: UTC, whole seconds, `Z`. */
  readonly expiration: string;
  readonly expiresAtMs: number;
  /** `<role ID>:<role session name>`, as STS sent it. */
  readonly assumedRoleId?: string;
  readonly stsRequestId?: string;
  /** True if an earlier STS answer is reused. */
  readonly isCached: boolean;
}

/** Calls STS AssumeRole, or reuses an earlier answer. Throws refusals only. */
export type AssumeRole = (request: AssumeRoleRequest) => Promise<AssumedRole>;

/** The credentials that the broker signs AssumeRole with. */
export interface SourceCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Present if and only if the credentials are temporary. */
  readonly securityToken?: string;
  /** Milliseconds since the epoch. Absent: no expiry, or unknown. */
  readonly expiresAtMs?: number;
}

export interface SourceCredentialsProvider {
  /**
   * Returns the current source credentials: the same object while they are unchanged.
   * Throws the refusal `source_credentials_unavailable`.
   */
  readonly get: () => Promise<SourceCredentials>;
  /**
   * Looks for newer source credentials after STS refused those from `get`. Returns the same ones if
   * there are none. Throws the refusal `source_credentials_unavailable`.
   */
  readonly renew: (refused: SourceCredentials) => Promise<SourceCredentials>;
}

// 8. answer

export interface IssuedCredential {
  /** The verified subject token that it was issued for. */
  readonly token: SubjectToken;
  readonly assumedRole: AssumedRole;
  /** What STS was asked for. */
  readonly roleArn: string;
  readonly roleSessionName: string;
  /** When a client should ask for the next credential. Milliseconds since the epoch. */
  readonly refreshAfterMs: number;
  readonly grantName: string;
  readonly allowances: readonly GrantedTarget[];
  /** The state of the caller's own limits. */
  readonly rateLimits: readonly RateLimitState[];
}
