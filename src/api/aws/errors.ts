/**
 * Maps every refusal to an error of AWS
 * (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors).
 */
import type { Reason, Refusal } from '../../refusal.ts';

export interface AwsError {
  readonly status: 400 | 403 | 404 | 405 | 406 | 413 | 415 | 429 | 431 | 500 | 503;
  /**
   * AWS's own codes, chosen for what SDKs do with them. `InvalidIdentityToken` is not among them: the
   * SDKs for Go and C++ send the same token again, which cannot help and counts as a refused token.
   */
  readonly code:
    | 'AccessDenied'
    | 'ExpiredTokenException'
    | 'IDPCommunicationError'
    | 'InternalFailure'
    | 'InvalidAction'
    | 'MalformedPolicyDocument'
    | 'PackedPolicyTooLarge'
    | 'ServiceUnavailable'
    | 'Throttling'
    | 'ValidationError';
  /** One fixed sentence, but that of an ambiguous grant names those that fit. */
  readonly message: string;
}

const invalid = (message: string, status: AwsError['status'] = 400): AwsError => ({
  status,
  code: 'ValidationError',
  message,
});
const denied = (message: string): AwsError => ({ status: 403, code: 'AccessDenied', message });
const expired = (message: string): AwsError => ({
  status: 400,
  code: 'ExpiredTokenException',
  message,
});
const unavailable = (message: string): AwsError => ({
  status: 503,
  code: 'ServiceUnavailable',
  message,
});
const failed = (message: string): AwsError => ({ status: 500, code: 'InternalFailure', message });

const INVALID_TOKEN = denied(
  'The broker does not accept this subject token; its operator finds the reason in the audit log.',
);
const EXPIRED_TOKEN = expired('The subject token has expired; get a new one from its issuer.');
const NO_GRANT = denied(
  'No grant fits this subject token and request; the operator finds the reason in the audit log.',
);
/** AWS's own status for this is 400. Every SDK retries 429, whatever the code. */
const TOO_MANY_REQUESTS: AwsError = {
  status: 429,
  code: 'Throttling',
  message: 'There were too many requests; try again after the time in Retry-After.',
};

const INVALID_ACTION: AwsError = {
  status: 400,
  code: 'InvalidAction',
  message: 'Action must be AssumeRoleWithWebIdentity, and Version 2011-06-15.',
};
const POLICY_REFUSED: AwsError = {
  status: 400,
  code: 'MalformedPolicyDocument',
  message: 'The broker takes no policy: the operator chooses it; leave Policy and PolicyArns out.',
};

const ERRORS: Readonly<Record<Reason, AwsError>> = {
  route_unknown: invalid('This address does not exist; see the API reference.', 404),
  too_many_header_lines: invalid('The request has more than 100 header lines; send fewer.', 431),
  method_not_allowed: invalid(
    'This address does not accept this method; use one from the Allow header.',
    405,
  ),
  not_acceptable: invalid(
    'The Accept header excludes the media type of the answer; allow it.',
    406,
  ),
  body_too_large: invalid('The body is larger than 16 KiB; send a smaller one.', 413),
  media_type_unsupported: invalid(
    'The body must be application/x-www-form-urlencoded without a Content-Encoding.',
    415,
  ),
  request_malformed: invalid(
    'The request has an unknown, unsupported, missing, repeated or malformed parameter; see the API reference.',
  ),
  grant_type_unsupported: INVALID_ACTION,
  origin_not_allowed: denied(
    'Pages of this origin may not call the broker; its operator lists the origins.',
  ),
  token_missing: invalid(
    'Send the subject token as WebIdentityToken, or for container credentials as Authorization.',
  ),
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
  // AWS's own status for this is 400, which not every SDK retries
  issuer_keys_unavailable: {
    status: 503,
    code: 'IDPCommunicationError',
    message:
      'The keys of the issuer are temporarily unavailable; try again after the time in Retry-After.',
  },
  ticket_invalid: INVALID_TOKEN,
  ticket_expired: EXPIRED_TOKEN,
  ticket_used_up: INVALID_TOKEN,
  ticket_too_large: invalid('The claims of this subject token do not fit into a URL.'),
  no_grant_fits: NO_GRANT,
  grant_not_available: NO_GRANT,
  ambiguous_grant: invalid('Several grants fit; choose one by RoleArn.'),
  target_malformed: invalid(
    'Target is malformed; send oss://bucket/, oss://bucket/prefix/ or oss://bucket/key.',
  ),
  target_outside_grant: denied('The target is outside the grant; send a target within it.'),
  permission_outside_grant: denied(
    'The grant does not allow all of these permissions on this target; send fewer.',
  ),
  policy_outside_grant: POLICY_REFUSED,
  // what AWS does with more than the MaxSessionDuration of the role
  duration_outside_grant: invalid(
    'DurationSeconds is longer than the grant allows; send a shorter one, or none.',
  ),
  token_life_too_short: expired(
    'The grant requires a subject token that is valid for 900 more seconds; get a new one.',
  ),
  caller_address_unknown: denied(
    'The address of the caller is needed and unknown; ask the operator to configure it.',
  ),
  session_policy_too_large: {
    status: 400,
    code: 'PackedPolicyTooLarge',
    message:
      'The grant covers more targets than one credential can hold; ask for container credentials with one of them as Target.',
  },
  subject_denied: INVALID_TOKEN,
  token_denied: INVALID_TOKEN,
  key_denied: INVALID_TOKEN,
  grant_disabled: NO_GRANT,
  rate_limited: TOO_MANY_REQUESTS,
  token_replayed: expired(
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
  // no 5xx: SDKs would repeat a request that fails until the operator changes the role
  sts_refused: denied(
    'STS refused to issue the credential; the operator finds the reason in the audit log.',
  ),
  sts_answer_unusable: failed(
    'STS sent an answer that the broker cannot use; give the operator the request ID.',
  ),
  audit_unavailable: unavailable(
    'The broker could not record its decision, so it issued no credential; try again later.',
  ),
  internal_error: failed('The broker has a defect; give its operator the request ID.'),
};

/** The error for a refusal. AWS has codes of its own for the action and for policies. */
export function errorFor(refusal: Refusal): AwsError {
  const error = ERRORS[refusal.reason];
  if (refusal.reason === 'ambiguous_grant') {
    const names = refusal.grants.join(', ');
    return { ...error, message: `${error.message} These do: ${names}.` };
  }
  if (refusal.reason !== 'request_malformed') return error;
  const member = refusal.member ?? '';
  if (member === 'Action' || member === 'Version') return INVALID_ACTION;
  return /^Policy(?:Arns\b|$)/.test(member) ? POLICY_REFUSED : error;
}
