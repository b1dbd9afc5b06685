/** The error of STS for every public code: its code, its status and a message. */
import type { Reason, Refusal } from '../../refusal.ts';
import { type PublicCode, publicCodeOf } from '../http/public-code.ts';
import { isMissing } from './parameters.ts';
import { POLICY_TOO_LARGE } from './request.ts';

export interface StsError {
  readonly status: 400 | 403 | 404 | 405 | 406 | 413 | 429 | 431 | 500 | 502 | 503;
  /**
   * STS documents its own codes (https://www.alibabacloud.com/help/en/ram/api-assumerole). The gateway
   * in front of it has no complete list; those here are the ones that clients know.
   */
  readonly code: string;
  readonly message: string;
}

const error = (status: StsError['status'], code: string, message: string): StsError => ({
  status,
  code,
  message,
});
const noPermission = (message: string) => error(403, 'NoPermission', message);
const unavailable = (message: string) => error(503, 'ServiceUnavailable', message);
const throttled = (status: 429 | 503, message: string) => error(status, 'Throttling.User', message);

const INVALID_TOKEN = error(
  400,
  'AuthenticationFail.OIDCToken.Invalid',
  'The broker does not accept this OIDCToken; its operator finds the reason in the audit log.',
);
const EXPIRED_TOKEN = error(
  400,
  'AuthenticationFail.OIDCToken.Expired',
  'The OIDCToken has expired; get a new one from its issuer.',
);
const NO_GRANT = noPermission(
  'No grant fits this OIDCToken and RoleArn; the operator finds the reason in the audit log.',
);
const TOO_MANY_REQUESTS = throttled(
  429,
  'There were too many requests; try again after the time in Retry-After.',
);
const INVALID_PARAMETER = error(
  400,
  'InvalidParameter',
  'The request has an unknown, unsupported, repeated or malformed parameter; see the API reference.',
);

const TOO_LARGE_POLICY = error(
  400,
  'InvalidParameter.PolicySize',
  'The size of Policy must be smaller than 2048 bytes.',
);

const ERRORS: Readonly<Record<PublicCode, StsError>> = {
  not_found: error(
    404,
    'InvalidAction.NotFound',
    'This address does not exist; see the API reference.',
  ),
  too_many_header_lines: error(
    431,
    'InvalidParameter',
    'The request has more than 100 header lines; send fewer.',
  ),
  method_not_allowed: error(
    405,
    'UnsupportedHTTPMethod',
    'This address does not accept this method; use one from the Allow header.',
  ),
  not_acceptable: error(406, 'InvalidParameter', 'Send Format as JSON or XML.'),
  body_too_large: error(
    413,
    'InvalidParameter',
    'The body is larger than 16 KiB; send a smaller one.',
  ),
  unsupported_media_type: error(
    400,
    'InvalidParameter.ContentType',
    'The body must be application/x-www-form-urlencoded without a Content-Encoding.',
  ),
  invalid_request: INVALID_PARAMETER,
  origin_not_allowed: noPermission('Pages may not call this address.'),
  subject_token_required: error(400, 'MissingOIDCToken', 'OIDCToken is mandatory for this action.'),
  subject_token_invalid: INVALID_TOKEN,
  subject_token_expired: EXPIRED_TOKEN,
  issuer_unavailable: unavailable(
    'The keys of the issuer are temporarily unavailable; try again after the time in Retry-After.',
  ),
  // of credential URLs only
  credential_url_invalid: INVALID_TOKEN,
  credential_url_expired: EXPIRED_TOKEN,
  credential_url_used_up: INVALID_TOKEN,
  credential_url_too_long: INVALID_PARAMETER,
  no_grant: NO_GRANT,
  ambiguous_grant: error(
    400,
    'InvalidParameter.RoleArn',
    'Several grants have this role; send acs:ram::<account>:role/<grant> as RoleArn.',
  ),
  invalid_target: INVALID_PARAMETER,
  target_outside_grant: NO_GRANT,
  permission_outside_grant: NO_GRANT,
  duration_outside_grant: error(
    400,
    'InvalidParameter.DurationSeconds',
    'DurationSeconds is longer than the grant allows; send a shorter one, or 3600 for the longest.',
  ),
  subject_token_life_too_short: error(
    400,
    'AuthenticationFail.OIDCToken.Expired',
    'The grant requires an OIDCToken that is valid for 900 more seconds; get a new one.',
  ),
  caller_address_unknown: noPermission(
    'The grant needs the address of the caller, which is unknown; ask the operator to configure it.',
  ),
  too_many_targets: error(
    400,
    'InvalidParameter.PolicySize',
    'The grant covers more targets than one credential can hold; send a Policy for fewer.',
  ),
  rate_limited: TOO_MANY_REQUESTS,
  subject_token_replayed: error(
    400,
    'AuthenticationFail.OIDCToken.Invalid',
    'The OIDCToken can be used once and was used before; get a new one from its issuer.',
  ),
  replay_store_unavailable: unavailable(
    'The replay check is temporarily unavailable; try again after the time in Retry-After.',
  ),
  source_credentials_unavailable: unavailable(
    'The broker has no usable source credentials at the moment; try again later.',
  ),
  sts_throttled: throttled(
    503,
    'STS is throttling the broker; try again after the time in Retry-After.',
  ),
  sts_unavailable: unavailable(
    'STS is temporarily unavailable; try again after the time in Retry-After.',
  ),
  sts_refused: error(
    502,
    'InternalError',
    'STS refused to issue the credential; the operator finds the reason in the audit log.',
  ),
  sts_answer_unusable: error(
    502,
    'InternalError',
    'STS sent an answer that the broker cannot use; give the operator the request ID.',
  ),
  audit_unavailable: unavailable(
    'The broker could not record its decision, so it issued no credential; try again later.',
  ),
  internal_error: error(
    500,
    'InternalError',
    'The broker has a defect; give its operator the request ID.',
  ),
};

/** Reasons for which the protocol has an error of its own. */
const BY_REASON: Readonly<Partial<Record<Reason, StsError>>> = {
  policy_outside_grant: noPermission(
    'Policy allows nothing that the grant does, or a part of it that is no target; see the API reference.',
  ),
};

/** A malformed parameter with one of these names has a code of its own. */
const OWN_CODES: ReadonlyMap<string, StsError> = new Map([
  [
    'Action',
    error(404, 'InvalidAction.NotFound', 'The broker knows the action AssumeRoleWithOIDC only.'),
  ],
  [
    'Policy',
    error(
      400,
      'InvalidParameter.PolicyGrammar',
      'The parameter Policy has not passed grammar check; see the API reference for what it may have.',
    ),
  ],
  ['Version', error(400, 'InvalidVersion', 'Specified parameter Version is not valid.')],
  ...['OIDCToken', 'OIDCProviderArn', 'RoleArn', 'RoleSessionName', 'DurationSeconds'].map(
    (name) =>
      [
        name,
        error(400, `InvalidParameter.${name}`, `The parameter ${name} is wrongly formed.`),
      ] as const,
  ),
]);

/** The error for a refusal. */
export function errorFor(refusal: Refusal): StsError {
  if (refusal.reason === 'ambiguous_grant' && refusal.grants.length > 0) {
    const { status, code, message } = ERRORS.ambiguous_grant;
    return error(status, code, `${message} The grants are ${refusal.grants.join(', ')}.`);
  }
  if (refusal.reason !== 'request_malformed') {
    return BY_REASON[refusal.reason] ?? ERRORS[publicCodeOf(refusal.reason)];
  }
  const { member, problem } = refusal;
  if (member === 'Policy' && problem === POLICY_TOO_LARGE) return TOO_LARGE_POLICY;
  const own = member === undefined ? undefined : OWN_CODES.get(member);
  if (member === undefined || own === undefined) return INVALID_PARAMETER;
  return isMissing(problem, member)
    ? error(400, `Missing${member}`, `${member} is mandatory for this action.`)
    : own;
}
