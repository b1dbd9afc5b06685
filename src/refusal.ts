/** Every reason for which the broker refuses a request, and the error that carries it. */

/** A reason with its facts. The facts go to the audit line; the caller gets few of them. None is secret. */
export type Refusal =
  // the request
  | { readonly reason: 'route_unknown' }
  | { readonly reason: 'too_many_header_lines'; readonly limit: number }
  | { readonly reason: 'method_not_allowed'; readonly allow: string }
  | { readonly reason: 'not_acceptable' }
  | { readonly reason: 'body_too_large'; readonly limitBytes: number }
  | { readonly reason: 'media_type_unsupported' }
  /** `member`: the unknown or repeated one, as bounded text. */
  | { readonly reason: 'request_malformed'; readonly problem: string; readonly member?: string }
  /** `grantType`: bounded text. Of the token exchange. */
  | { readonly reason: 'grant_type_unsupported'; readonly grantType: string }
  | { readonly reason: 'origin_not_allowed'; readonly origin: string }
  // the subject token
  | { readonly reason: 'token_missing' }
  | { readonly reason: 'token_too_large'; readonly limitBytes: number }
  | { readonly reason: 'token_malformed'; readonly problem: string }
  | {
      readonly reason: 'header_not_allowed';
      readonly header: string;
      readonly unverified?: UnverifiedHeader;
    }
  | {
      readonly reason: 'algorithm_not_allowed' | 'token_type_not_allowed';
      readonly issuerName: string;
      readonly unverified: UnverifiedHeader;
    }
  /** `hint`: which trusted issuer nearly has this name. */
  | { readonly reason: 'issuer_untrusted'; readonly claimedIssuer: string; readonly hint?: string }
  | {
      readonly reason: 'key_unknown';
      readonly issuerName: string;
      readonly unverified: UnverifiedHeader;
      readonly keyAgeSeconds?: number;
    }
  | { readonly reason: 'signature_invalid'; readonly issuerName: string }
  | {
      readonly reason: 'claim_invalid';
      readonly issuerName: string;
      readonly claim: string;
      readonly problem: string;
    }
  | { readonly reason: 'claim_not_allowed'; readonly issuerName: string; readonly claim: string }
  /** `aud` is bounded text. The issuer signed it. */
  | { readonly reason: 'audience_mismatch'; readonly issuerName: string; readonly aud: string }
  | { readonly reason: 'token_expired'; readonly issuerName: string; readonly expiredAt: number }
  | {
      readonly reason: 'token_not_yet_valid';
      readonly issuerName: string;
      readonly claim: 'nbf' | 'iat';
    }
  | { readonly reason: 'token_too_old'; readonly issuerName: string; readonly issuedAt: number }
  | {
      readonly reason: 'token_revoked';
      readonly issuerName: string;
      readonly issuedAt: number;
      readonly validAfter: number;
    }
  | {
      readonly reason: 'issuer_keys_unavailable';
      readonly issuerName: string;
      readonly problem: string;
      readonly retryAfterSeconds: number;
      /** How old the keys are that are too old to use. Absent: none were ever loaded. */
      readonly keyAgeSeconds?: number;
    }
  // the ticket of a credential URL
  | { readonly reason: 'ticket_invalid'; readonly problem: string }
  | { readonly reason: 'ticket_expired'; readonly expiredAt: number }
  | { readonly reason: 'ticket_used_up'; readonly uses: number }
  | { readonly reason: 'ticket_too_large'; readonly length: number; readonly limit: number }
  // the grant
  /** `grantCount`: how many grants the issuer has, if `misfits` leaves some out. */
  | {
      readonly reason: 'no_grant_fits' | 'grant_not_available';
      readonly misfits: readonly Misfit[];
      readonly grantCount?: number;
    }
  | { readonly reason: 'ambiguous_grant'; readonly grants: readonly string[] }
  | { readonly reason: 'target_malformed'; readonly problem: string }
  | { readonly reason: 'target_outside_grant'; readonly grants: readonly string[] }
  | { readonly reason: 'permission_outside_grant'; readonly grant: string }
  | { readonly reason: 'policy_outside_grant'; readonly grant: string; readonly problem: string }
  | {
      readonly reason: 'duration_outside_grant';
      readonly grant: string;
      readonly maxSeconds: number;
    }
  | {
      readonly reason: 'token_life_too_short';
      readonly grant: string;
      readonly leftSeconds: number;
    }
  | { readonly reason: 'caller_address_unknown'; readonly grant: string }
  | {
      readonly reason: 'session_policy_too_large';
      readonly grant: string;
      /** A lower bound, since a policy that cannot fit is not rendered. */
      readonly bytes: number;
    }
  // the limits
  | { readonly reason: 'subject_denied'; readonly issuerName: string }
  | { readonly reason: 'token_denied'; readonly issuerName: string }
  | { readonly reason: 'key_denied'; readonly issuerName: string; readonly keyId: string }
  | {
      readonly reason: 'grant_disabled';
      readonly grant: string;
      readonly by: 'disabled' | 'subject' | 'tokenId' | 'keyId';
    }
  | {
      readonly reason: 'rate_limited';
      readonly scope: 'subject' | 'issuer' | 'address' | 'refused_tokens' | 'assume_role';
      readonly limit: number;
      readonly windowSeconds: number;
      readonly retryAfterSeconds: number;
    }
  | { readonly reason: 'token_replayed' }
  | {
      readonly reason: 'replay_store_unavailable';
      readonly problem: string;
      readonly retryAfterSeconds: number;
    }
  // what the broker depends on
  | { readonly reason: 'sts_share_used_up'; readonly retryAfterSeconds: number }
  | { readonly reason: 'source_credentials_unavailable'; readonly problem: string }
  | { readonly reason: 'sts_throttled'; readonly retryAfterSeconds: number }
  | {
      readonly reason: 'sts_unavailable';
      readonly problem: string;
      readonly retryAfterSeconds: number;
    }
  | {
      readonly reason: 'sts_refused';
      readonly stsCode: string;
      readonly hint: string;
      readonly stsRequestId?: string;
    }
  | { readonly reason: 'sts_answer_unusable'; readonly problem: string }
  | { readonly reason: 'audit_unavailable' }
  | { readonly reason: 'internal_error' };

export type Reason = Refusal['reason'];

/** Members of the header of a token whose signature was not checked, as bounded text. */
export interface UnverifiedHeader {
  readonly alg?: string;
  readonly typ?: string;
  readonly kid?: string;
}

/** A grant that does not fit the caller, and why. */
export interface Misfit {
  readonly grant: string;
  /** For the operator, e.g. `attribute "user": claim "sub" is missing`. Contains no claim value, but its type. */
  readonly why: string;
}

/** The only error that the broker throws on purpose. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

/** Makes the error for a reason; the caller throws it. */
export function refuse(refusal: Refusal): RefusalError {
  return new RefusalError(refusal);
}

const TOKEN_REASONS: ReadonlySet<Reason> = new Set<Reason>([
  'token_missing',
  'token_too_large',
  'token_malformed',
  'header_not_allowed',
  'algorithm_not_allowed',
  'token_type_not_allowed',
  'issuer_untrusted',
  'key_unknown',
  'signature_invalid',
  'claim_invalid',
  'claim_not_allowed',
  'audience_mismatch',
  'token_expired',
  'token_not_yet_valid',
  'token_too_old',
  'token_revoked',
  'token_replayed',
  'subject_denied',
  'token_denied',
  'key_denied',
  'ticket_invalid',
  'ticket_expired',
  'ticket_used_up',
]);

/**
 * True for a refusal that the subject token causes, or the ticket that stands for it. False if the keys
 * of its issuer are unavailable: that is not the fault of the caller.
 */
export function isTokenRefusal(error: unknown): error is RefusalError {
  return error instanceof RefusalError && TOKEN_REASONS.has(error.refusal.reason);
}

/** A refusal because STS is unavailable, whatever the request is. */
export type Outage = Extract<Refusal, { readonly reason: 'sts_unavailable' }>;

/** True for a refusal that depends on STS and not on the request, nor on how many there are. */
export function isOutage(refusal: Refusal): refusal is Outage {
  return refusal.reason === 'sts_unavailable';
}

/** A refusal because the broker has no source credentials that STS accepts. */
type SourceCredentialsRefusal = RefusalError & {
  readonly refusal: Extract<Refusal, { readonly reason: 'source_credentials_unavailable' }>;
};

export function isAboutSourceCredentials(error: unknown): error is SourceCredentialsRefusal {
  return error instanceof RefusalError && error.refusal.reason === 'source_credentials_unavailable';
}
