/** The one place that decides what callers may learn of a refusal: a public code for every reason. */
import type { Reason } from '../../refusal.ts';

/**
 * The codes of the native API. The other surfaces have an error of their protocol for each. Reasons
 * with the same code are told apart in the audit line only.
 */
const PUBLIC_CODES = {
  route_unknown: 'not_found',
  too_many_header_lines: 'too_many_header_lines',
  method_not_allowed: 'method_not_allowed',
  not_acceptable: 'not_acceptable',
  body_too_large: 'body_too_large',
  media_type_unsupported: 'unsupported_media_type',
  request_malformed: 'invalid_request',
  grant_type_unsupported: 'invalid_request',
  origin_not_allowed: 'origin_not_allowed',
  token_missing: 'subject_token_required',
  token_too_large: 'subject_token_invalid',
  token_malformed: 'subject_token_invalid',
  header_not_allowed: 'subject_token_invalid',
  algorithm_not_allowed: 'subject_token_invalid',
  token_type_not_allowed: 'subject_token_invalid',
  issuer_untrusted: 'subject_token_invalid',
  key_unknown: 'subject_token_invalid',
  signature_invalid: 'subject_token_invalid',
  claim_invalid: 'subject_token_invalid',
  claim_not_allowed: 'subject_token_invalid',
  audience_mismatch: 'subject_token_invalid',
  token_not_yet_valid: 'subject_token_invalid',
  token_expired: 'subject_token_expired',
  token_too_old: 'subject_token_expired',
  token_revoked: 'subject_token_expired',
  issuer_keys_unavailable: 'issuer_unavailable',
  ticket_invalid: 'credential_url_invalid',
  ticket_expired: 'credential_url_expired',
  ticket_used_up: 'credential_url_used_up',
  ticket_too_large: 'credential_url_too_long',
  no_grant_fits: 'no_grant',
  grant_not_available: 'no_grant',
  ambiguous_grant: 'ambiguous_grant',
  target_malformed: 'invalid_target',
  target_outside_grant: 'target_outside_grant',
  permission_outside_grant: 'permission_outside_grant',
  // only callers of the API of STS send a policy
  policy_outside_grant: 'no_grant',
  duration_outside_grant: 'duration_outside_grant',
  token_life_too_short: 'subject_token_life_too_short',
  caller_address_unknown: 'caller_address_unknown',
  session_policy_too_large: 'too_many_targets',
  subject_denied: 'subject_token_invalid',
  token_denied: 'subject_token_invalid',
  key_denied: 'subject_token_invalid',
  grant_disabled: 'no_grant',
  rate_limited: 'rate_limited',
  token_replayed: 'subject_token_replayed',
  replay_store_unavailable: 'replay_store_unavailable',
  source_credentials_unavailable: 'source_credentials_unavailable',
  sts_share_used_up: 'rate_limited',
  sts_throttled: 'sts_throttled',
  sts_unavailable: 'sts_unavailable',
  sts_refused: 'sts_refused',
  sts_answer_unusable: 'sts_answer_unusable',
  audit_unavailable: 'audit_unavailable',
  internal_error: 'internal_error',
} as const satisfies Readonly<Record<Reason, string>>;

export type PublicCode = (typeof PUBLIC_CODES)[Reason];

export function publicCodeOf(reason: Reason): PublicCode {
  return PUBLIC_CODES[reason];
}

/** All reasons, for the tests. */
export const REASONS: readonly string[] = Object.keys(PUBLIC_CODES);
