/** The OAuth 2.0 error for every public code (RFC 6749 section 5.2, RFC 8693 section 2.2.2). */
import type { Reason, Refusal } from '../../refusal.ts';
import { type PublicCode, publicCodeOf } from '../http/public-code.ts';

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

const ERRORS: Readonly<Record<PublicCode, OAuthError>> = {
  not_found: invalidRequest('This address does not exist; see the API reference.', 404),
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
  unsupported_media_type: invalidRequest(
    'The body must be application/x-www-form-urlencoded without a Content-Encoding.',
    415,
  ),
  invalid_request: invalidRequest(
    'The request has an unknown, unsupported, missing, repeated or malformed parameter; see the API reference.',
  ),
  origin_not_allowed: invalidRequest(
    'Pages of this origin may not call the broker; its operator lists the origins.',
    403,
  ),
  subject_token_required: invalidRequest('Send the subject token as subject_token.'),
  subject_token_invalid: INVALID_TOKEN,
  subject_token_expired: EXPIRED_TOKEN,
  issuer_unavailable: unavailable(
    'The keys of the issuer are temporarily unavailable; try again after the time in Retry-After.',
  ),
  // of credential URLs only
  credential_url_invalid: INVALID_TOKEN,
  credential_url_expired: EXPIRED_TOKEN,
  credential_url_used_up: INVALID_TOKEN,
  credential_url_too_long: invalidRequest(
    'The claims of this subject token do not fit into a URL.',
  ),
  no_grant: NO_GRANT,
  ambiguous_grant: invalidRequest('Several grants fit; send one of the names in grants as grant.'),
  invalid_target: invalidTarget(
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
  duration_outside_grant: invalidRequest(
    'duration_seconds is longer than the grant allows; send a shorter one.',
  ),
  subject_token_life_too_short: invalidRequest(
    'The grant requires a subject token that is valid for 900 more seconds; get a new one.',
  ),
  caller_address_unknown: invalidRequest(
    'The address of the caller is needed and unknown; ask the operator to configure it.',
  ),
  too_many_targets: invalidTarget(
    'The grant covers more targets than one credential can hold; send one of them as resource.',
  ),
  rate_limited: TOO_MANY_REQUESTS,
  subject_token_replayed: invalidRequest(
    'The subject token can be used once and was used before; get a new one from its issuer.',
  ),
  replay_store_unavailable: unavailable(
    'The replay check is temporarily unavailable; try again after the time in Retry-After.',
  ),
  source_credentials_unavailable: unavailable(
    'The broker has no usable source credentials at the moment; try again later.',
  ),
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

/** Reasons for which the protocol has an error of its own. */
const BY_REASON: Readonly<Partial<Record<Reason, OAuthError>>> = {
  grant_type_unsupported: {
    status: 400,
    error: 'unsupported_grant_type',
    description: 'grant_type must be urn:ietf:params:oauth:grant-type:token-exchange.',
  },
};

/** The error for a refusal. A malformed `scope` has an error of its own (RFC 6749 section 5.2). */
export function errorFor(refusal: Refusal): OAuthError {
  const isAboutScope = refusal.reason === 'request_malformed' && refusal.member === 'scope';
  if (isAboutScope) return INVALID_SCOPE;
  return BY_REASON[refusal.reason] ?? ERRORS[publicCodeOf(refusal.reason)];
}
