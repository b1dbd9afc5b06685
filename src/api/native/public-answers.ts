/** Maps every reason for a refusal to the answer that the caller gets. */
import type { Reason } from '../../refusal.ts';

/** A status, a stable code and one fixed sentence (RFC 9457). */
export interface PublicAnswer {
  readonly status: 400 | 401 | 403 | 404 | 405 | 406 | 413 | 415 | 429 | 431 | 500 | 502 | 503;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
}

const INVALID_TOKEN: PublicAnswer = {
  status: 401,
  code: 'subject_token_invalid',
  title: 'Invalid subject token',
  detail:
    'The broker does not accept this subject token; its operator finds the reason in the audit log.',
};

const NO_GRANT: PublicAnswer = {
  status: 403,
  code: 'no_grant',
  title: 'No grant',
  detail:
    'No grant fits this subject token and request; the operator finds the reason in the audit log.',
};

const TOO_MANY_REQUESTS: PublicAnswer = {
  status: 429,
  code: 'rate_limited',
  title: 'Too many requests',
  detail: 'There were too many requests; try again after the time in Retry-After.',
};

const INVALID_REQUEST: PublicAnswer = {
  status: 400,
  code: 'invalid_request',
  title: 'Invalid request',
  detail: 'The request has an unknown, repeated or malformed member; see the API reference.',
};

const ANSWERS: Readonly<Record<Reason, PublicAnswer>> = {
  route_unknown: {
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: 'This address does not exist; see the API reference.',
  },
  too_many_header_lines: {
    status: 431,
    code: 'too_many_header_lines',
    title: 'Too many header lines',
    detail: 'The request has more than 100 header lines; send fewer.',
  },
  method_not_allowed: {
    status: 405,
    code: 'method_not_allowed',
    title: 'Method not allowed',
    detail: 'This address does not accept this method; use one from the Allow header.',
  },
  not_acceptable: {
    status: 406,
    code: 'not_acceptable',
    title: 'Not acceptable',
    detail: 'The Accept header excludes application/json; allow it.',
  },
  body_too_large: {
    status: 413,
    code: 'body_too_large',
    title: 'Body too large',
    detail: 'The request body is larger than 4 KiB; send a smaller one.',
  },
  media_type_unsupported: {
    status: 415,
    code: 'unsupported_media_type',
    title: 'Unsupported media type',
    detail: 'The request body must be application/json without a Content-Encoding.',
  },
  request_malformed: INVALID_REQUEST,
  grant_type_unsupported: INVALID_REQUEST,
  origin_not_allowed: {
    status: 403,
    code: 'origin_not_allowed',
    title: 'Origin not allowed',
    detail: 'Pages of this origin may not call the broker; its operator lists the origins.',
  },
  token_missing: {
    status: 401,
    code: 'subject_token_required',
    title: 'Subject token required',
    detail: 'Send the subject token as "Authorization: Bearer <JWT>".',
  },
  token_too_large: INVALID_TOKEN,
  token_malformed: INVALID_TOKEN,
  header_not_allowed: INVALID_TOKEN,
  algorithm_not_allowed: INVALID_TOKEN,
  token_type_not_allowed: INVALID_TOKEN,
  issuer_untrusted: INVALID_TOKEN,
  key_unknown: INVALID_TOKEN,
  signature_invalid: INVALID_TOKEN,
  claim_invalid: INVALID_TOKEN,
  claim_not_allowed: INVALID_TOKEN,
  audience_mismatch: INVALID_TOKEN,
  token_not_yet_valid: INVALID_TOKEN,
  token_expired: {
    status: 401,
    code: 'subject_token_expired',
    title: 'Subject token expired',
    detail: 'The subject token has expired; get a new one from its issuer.',
  },
  token_too_old: {
    status: 401,
    code: 'subject_token_expired',
    title: 'Subject token expired',
    detail: 'The subject token has expired; get a new one from its issuer.',
  },
  token_revoked: {
    status: 401,
    code: 'subject_token_expired',
    title: 'Subject token expired',
    detail: 'The subject token has expired; get a new one from its issuer.',
  },
  issuer_keys_unavailable: {
    status: 503,
    code: 'issuer_unavailable',
    title: 'Issuer unavailable',
    detail:
      "The issuer's keys are temporarily unavailable; try again after the time in Retry-After.",
  },
  ticket_invalid: {
    status: 401,
    code: 'credential_url_invalid',
    title: 'Invalid credential URL',
    detail:
      'The broker does not accept this credential URL; its operator finds the reason in the audit log.',
  },
  ticket_expired: {
    status: 401,
    code: 'credential_url_expired',
    title: 'Credential URL expired',
    detail: 'The credential URL has expired; make a new one.',
  },
  ticket_used_up: {
    status: 401,
    code: 'credential_url_used_up',
    title: 'Credential URL used up',
    detail: 'The credential URL has given as many credentials as it may; make a new one.',
  },
  ticket_too_large: {
    status: 403,
    code: 'credential_url_too_long',
    title: 'Credential URL too long',
    detail:
      'The claims of this subject token do not fit into a URL; ask the operator which ones are needed.',
  },
  no_grant_fits: NO_GRANT,
  grant_not_available: NO_GRANT,
  ambiguous_grant: {
    status: 400,
    code: 'ambiguous_grant',
    title: 'Ambiguous grant',
    detail: 'Several grants fit; send one of the names in "grants" as Grant.',
  },
  target_malformed: {
    status: 400,
    code: 'invalid_target',
    title: 'Invalid target',
    detail: 'Target is malformed; send oss://bucket/, oss://bucket/prefix/ or oss://bucket/key.',
  },
  target_outside_grant: {
    status: 403,
    code: 'target_outside_grant',
    title: 'Target outside the grant',
    detail: 'The target is outside the grant; send a target within it.',
  },
  permission_outside_grant: {
    status: 403,
    code: 'permission_outside_grant',
    title: 'Permission outside the grant',
    detail: 'The grant does not allow all of these permissions on this target; send fewer.',
  },
  // of the API of STS; no caller of this one sends a policy
  policy_outside_grant: NO_GRANT,
  duration_outside_grant: {
    status: 403,
    code: 'duration_outside_grant',
    title: 'Duration outside the grant',
    detail: 'DurationSeconds is longer than the grant allows; send a shorter one.',
  },
  token_life_too_short: {
    status: 403,
    code: 'subject_token_life_too_short',
    title: 'Subject token about to expire',
    detail: 'The grant requires a subject token that is valid for 900 more seconds; get a new one.',
  },
  caller_address_unknown: {
    status: 403,
    code: 'caller_address_unknown',
    title: 'Caller address unknown',
    detail: "The caller's address is needed and unknown; ask the operator to configure it.",
  },
  session_policy_too_large: {
    status: 403,
    code: 'too_many_targets',
    title: 'Too many targets',
    detail:
      'The grant covers more targets than one credential can hold; send one of them as Target.',
  },
  subject_denied: INVALID_TOKEN,
  token_denied: INVALID_TOKEN,
  key_denied: INVALID_TOKEN,
  grant_disabled: NO_GRANT,
  rate_limited: TOO_MANY_REQUESTS,
  token_replayed: {
    status: 401,
    code: 'subject_token_replayed',
    title: 'Subject token used before',
    detail:
      'The subject token can be used once and was used before; get a new one from its issuer.',
  },
  replay_store_unavailable: {
    status: 503,
    code: 'replay_store_unavailable',
    title: 'Replay check unavailable',
    detail: 'The replay check is temporarily unavailable; try again after the time in Retry-After.',
  },
  source_credentials_unavailable: {
    status: 503,
    code: 'source_credentials_unavailable',
    title: 'Source credentials unavailable',
    detail: 'The broker has no usable source credentials at the moment; try again later.',
  },
  sts_share_used_up: TOO_MANY_REQUESTS,
  sts_throttled: {
    status: 503,
    code: 'sts_throttled',
    title: 'STS is throttling',
    detail: 'STS is throttling requests; try again after the time in Retry-After.',
  },
  sts_unavailable: {
    status: 503,
    code: 'sts_unavailable',
    title: 'STS unavailable',
    detail: 'STS is temporarily unavailable; try again after the time in Retry-After.',
  },
  sts_refused: {
    status: 502,
    code: 'sts_refused',
    title: 'STS refused',
    detail: 'STS refused to issue the credential; the operator finds the reason in the audit log.',
  },
  sts_answer_unusable: {
    status: 502,
    code: 'sts_answer_unusable',
    title: 'Unusable answer from STS',
    detail: 'STS sent an answer that the broker cannot use; give the operator the request ID.',
  },
  audit_unavailable: {
    status: 503,
    code: 'audit_unavailable',
    title: 'Audit log unavailable',
    detail:
      'The broker could not record its decision, so it issued no credential; try again later.',
  },
  internal_error: {
    status: 500,
    code: 'internal_error',
    title: 'Internal error',
    detail: 'The broker has a defect; give its operator the request ID.',
  },
};

/** The answer to the caller for a reason. */
export function answerFor(reason: Reason): PublicAnswer {
  return ANSWERS[reason];
}

/** All reasons, for the tests. */
export const REASONS: readonly string[] = Object.keys(ANSWERS);
