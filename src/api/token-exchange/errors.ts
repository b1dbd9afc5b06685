/** Maps every refusal to its OAuth 2.0 error (RFC 6749 section 5.2, RFC 8693 section 2.2.2). */
import type { Reason, Refusal } from '../../refusal.ts';

export interface OAuthError {
  readonly status: 400 | 403 | 404 | 405 | 406 | 413 | 415 | 429 | 431 | 500 | 502 | 503;
  /** `server_error` and `temporarily_unavailable` are those of RFC 6749 section 4.1.2.1. */
  readonly error:
    | 'invalid_request'
    | 'invalid_target'
    | 'invalid_scope'
    | 'unsupported_grant_type'
    | 'temporarily_unavailable'
    | 'server_error';
  /** One fixed sentence, without `"` and `\`, which RFC 6749 forbids in it. */
  readonly description: string;
}

const invalidRequest = (description: string, status: OAuthError['status'] = 400): OAuthError => ({
  status,
  error: 'invalid_request',
  description,
});
const invalidTarget = (description: string): OAuthError => ({
  status: 400,
  error: 'invalid_target',
  description,
});
const unavailable = (description: string, status: 429 | 503 = 503): OAuthError => ({
  status,
  error: 'temporarily_unavailable',
  description,
});
const serverError = (description: string, status: 500 | 502): OAuthError => ({
  status,
  error: 'server_error',
  description,
});

/**
 * RFC 8693 section 2.2.2: a subject token that is invalid for any reason, or unacceptable based on
 * policy, is an `invalid_request`. So it is without a grant too.
 */
const INVALID_TOKEN = invalidRequest(
  'The broker does not accept this subject token; its operator finds the reason in the audit log.',
);
const EXPIRED_TOKEN = invalidRequest(
  'The subject token has expired; get a new one from its issuer.',
);
const NO_GRANT = invalidRequest(
  'No grant fits this subject token and request; the operator finds the reason in the audit log.',
);
const TOO_MANY_REQUESTS = unavailable(
  'There were too many requests; try again after the time in Retry-After.',
  429,
);

const INVALID_SCOPE: OAuthError = {
  status: 400,
  error: 'invalid_scope',
  description: 'scope is malformed; send some of read, write, list and delete, each once.',
};

const ERRORS: Readonly<Record<Reason, OAuthError>> = {
  route_unknown: invalidRequest('This address does not exist; see the API reference.', 404),
  too_many_header_lines: invalidRequest(
    'The request has more than 100 header lines; send fewer.',
    431,
  ),
  method_not_allowed: invalidRequest(
    'This address does not accept this method; use one from the Allow header.',
    405,
  ),
  not_acceptable: invalidRequest('The Accept header excludes application/json; allow it.', 406),
  body_too_large: invalidRequest('The body is larger than 16 KiB; send a smaller one.', 413),
  media_type_unsupported: invalidRequest(
    'The body must be application/x-www-form-urlencoded without a Content-Encoding.',
    415,
  ),
  request_malformed: invalidRequest(
    'The request has an unknown, unsupported, missing, repeated or malformed parameter; see the API reference.',
  ),
  grant_type_unsupported: {
    status: 400,
    error: 'unsupported_grant_type',
    description: 'grant_type must be urn:ietf:params:oauth:grant-type:token-exchange.',
  },
  origin_not_allowed: invalidRequest(
    'Pages of this origin may not call the broker; its operator lists the origins.',
    403,
  ),
  token_missing: invalidRequest('Send the subject token as subject_token.'),
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
  token_expired: EXPIRED_TOKEN,
  token_too_old: EXPIRED_TOKEN,
  token_revoked: EXPIRED_TOKEN,
  issuer_keys_unavailable: unavailable(
    'The keys of the issuer are temporarily unavailable; try again after the time in Retry-After.',
  ),
  // of credential URLs only
  ticket_invalid: INVALID_TOKEN,
  ticket_expired: EXPIRED_TOKEN,
  ticket_used_up: INVALID_TOKEN,
  ticket_too_large: invalidRequest('The claims of this subject token do not fit into a URL.'),
  no_grant_fits: NO_GRANT,
  grant_not_available: NO_GRANT,
  ambiguous_grant: invalidRequest('Several grants fit; send one of the names in grants as grant.'),
  target_malformed: invalidTarget(
    'Send one resource as oss://bucket/, oss://bucket/prefix/ or oss://bucket/key, and no audience.',
  ),
  target_outside_grant: invalidTarget(
    'The resource is outside the grant; send a resource within it.',
  ),
  permission_outside_grant: {
    status: 400,
    error: 'invalid_scope',
    description:
      'The grant does not allow all of these permissions on this resource; send a smaller scope.',
  },
  // of the API of STS; no caller of this one sends a policy
  policy_outside_grant: NO_GRANT,
  duration_outside_grant: invalidRequest(
    'duration_seconds is longer than the grant allows; send a shorter one.',
  ),
  token_life_too_short: invalidRequest(
    'The grant requires a subject token that is valid for 900 more seconds; get a new one.',
  ),
  caller_address_unknown: invalidRequest(
    'The address of the caller is needed and unknown; ask the operator to configure it.',
  ),
  session_policy_too_large: invalidTarget(
    'The grant covers more targets than one credential can hold; send one of them as resource.',
  ),
  subject_denied: INVALID_TOKEN,
  token_denied: INVALID_TOKEN,
  key_denied: INVALID_TOKEN,
  grant_disabled: NO_GRANT,
  rate_limited: TOO_MANY_REQUESTS,
  token_replayed: invalidRequest(
    'The subject token can be used once and was used before; get a new one from its issuer.',
  ),
  replay_store_unavailable: unavailable(
    'The replay check is temporarily unavailable; try again after the time in Retry-After.',
  ),
  source_credentials_unavailable: unavailable(
    'The broker has no usable source credentials at the moment; try again later.',
  ),
  sts_share_used_up: TOO_MANY_REQUESTS,
  sts_throttled: unavailable(
    'STS is throttling requests; try again after the time in Retry-After.',
  ),
  sts_unavailable: unavailable(
    'STS is temporarily unavailable; try again after the time in Retry-After.',
  ),
  sts_refused: serverError(
    'STS refused to issue the credential; the operator finds the reason in the audit log.',
    502,
  ),
  sts_answer_unusable: serverError(
    'STS sent an answer that the broker cannot use; give the operator the request ID.',
    502,
  ),
  audit_unavailable: unavailable(
    'The broker could not record its decision, so it issued no credential; try again later.',
  ),
  internal_error: serverError('The broker has a defect; give its operator the request ID.', 500),
};

/** The error for a refusal. A malformed `scope` has an error of its own (RFC 6749 section 5.2). */
export function errorFor(refusal: Refusal): OAuthError {
  const isAboutScope = refusal.reason === 'request_malformed' && refusal.member === 'scope';
  return isAboutScope ? INVALID_SCOPE : ERRORS[refusal.reason];
}
