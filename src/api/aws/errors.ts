/**
 * The error of AWS for every public code
 * (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors).
 */
import type { Reason, Refusal } from '../../refusal.ts';
import { type PublicCode, publicCodeOf } from '../http/public-code.ts';

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

const ERRORS: Readonly<Record<PublicCode, AwsError>> = {
  not_found: invalid('This address does not exist; see the API reference.', 404),
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
  unsupported_media_type: invalid(
    'The body must be application/x-www-form-urlencoded without a Content-Encoding.',
    415,
  ),
  invalid_request: invalid(
    'The request has an unknown, unsupported, missing, repeated or malformed parameter; see the API reference.',
  ),
  origin_not_allowed: denied(
    'Pages of this origin may not call the broker; its operator lists the origins.',
  ),
  subject_token_required: invalid(
    'Send the subject token as WebIdentityToken, or for container credentials as Authorization.',
  ),
  subject_token_invalid: INVALID_TOKEN,
  subject_token_expired: EXPIRED_TOKEN,
  // AWS's own status for this is 400, which not every SDK retries
  issuer_unavailable: {
    status: 503,
    code: 'IDPCommunicationError',
    message:
      'The keys of the issuer are temporarily unavailable; try again after the time in Retry-After.',
  },
  credential_url_invalid: INVALID_TOKEN,
  credential_url_expired: EXPIRED_TOKEN,
  credential_url_used_up: INVALID_TOKEN,
  credential_url_too_long: invalid('The claims of this subject token do not fit into a URL.'),
  no_grant: NO_GRANT,
  ambiguous_grant: invalid('Several grants fit; choose one by RoleArn.'),
  invalid_target: invalid(
    'Target is malformed; send oss://bucket/, oss://bucket/prefix/ or oss://bucket/key.',
  ),
  target_outside_grant: denied('The target is outside the grant; send a target within it.'),
  permission_outside_grant: denied(
    'The grant does not allow all of these permissions on this target; send fewer.',
  ),
  // what AWS does with more than the MaxSessionDuration of the role
  duration_outside_grant: invalid(
    'DurationSeconds is longer than the grant allows; send a shorter one, or none.',
  ),
  subject_token_life_too_short: expired(
    'The grant requires a subject token that is valid for 900 more seconds; get a new one.',
  ),
  caller_address_unknown: denied(
    'The address of the caller is needed and unknown; ask the operator to configure it.',
  ),
  too_many_targets: {
    status: 400,
    code: 'PackedPolicyTooLarge',
    message:
      'The grant covers more targets than one credential can hold; ask for container credentials with one of them as Target.',
  },
  rate_limited: TOO_MANY_REQUESTS,
  subject_token_replayed: expired(
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

/** Reasons for which the protocol has an error of its own. */
const BY_REASON: Readonly<Partial<Record<Reason, AwsError>>> = {
  grant_type_unsupported: INVALID_ACTION,
  policy_outside_grant: POLICY_REFUSED,
};

/** The error for a refusal. AWS has codes of its own for the action and for policies. */
export function errorFor(refusal: Refusal): AwsError {
  const error = BY_REASON[refusal.reason] ?? ERRORS[publicCodeOf(refusal.reason)];
  if (refusal.reason === 'ambiguous_grant') {
    const names = refusal.grants.join(', ');
    return { ...error, message: `${error.message} These do: ${names}.` };
  }
  if (refusal.reason !== 'request_malformed') return error;
  const member = refusal.member ?? '';
  if (member === 'Action' || member === 'Version') return INVALID_ACTION;
  return /^Policy(?:Arns\b|$)/.test(member) ? POLICY_REFUSED : error;
}
