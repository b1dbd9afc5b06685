/** The answer that the native API gives for every public code. */
import type { Reason } from '../../refusal.ts';
import { type PublicCode, publicCodeOf } from '../http/public-code.ts';

/** A status, a stable code and one fixed sentence (RFC 9457). */
export interface PublicAnswer {
  readonly status: 400 | 401 | 403 | 404 | 405 | 406 | 413 | 415 | 429 | 431 | 500 | 502 | 503;
  readonly code: PublicCode;
  readonly title: string;
  readonly detail: string;
}

const ANSWERS: Readonly<Record<PublicCode, Omit<PublicAnswer, 'code'>>> = {
  not_found: {
    status: 404,
    title: 'Not found',
    detail: 'This address does not exist; see the API reference.',
  },
  too_many_header_lines: {
    status: 431,
    title: 'Too many header lines',
    detail: 'The request has more than 100 header lines; send fewer.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This address does not accept this method; use one from the Allow header.',
  },
  not_acceptable: {
    status: 406,
    title: 'Not acceptable',
    detail: 'The Accept header excludes application/json; allow it.',
  },
  body_too_large: {
    status: 413,
    title: 'Body too large',
    detail: 'The request body is larger than 4 KiB; send a smaller one.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    detail: 'The request body must be application/json without a Content-Encoding.',
  },
  invalid_request: {
    status: 400,
    title: 'Invalid request',
    detail: 'The request has an unknown, repeated or malformed member; see the API reference.',
  },
  origin_not_allowed: {
    status: 403,
    title: 'Origin not allowed',
    detail: 'Pages of this origin may not call the broker; its operator lists the origins.',
  },
  subject_token_required: {
    status: 401,
    title: 'Subject token required',
    detail: 'Send the subject token as "Authorization: Bearer <JWT>".',
  },
  subject_token_invalid: {
    status: 401,
    title: 'Invalid subject token',
    detail:
      'The broker does not accept this subject token; its operator finds the reason in the audit log.',
  },
  subject_token_expired: {
    status: 401,
    title: 'Subject token expired',
    detail: 'The subject token has expired; get a new one from its issuer.',
  },
  issuer_unavailable: {
    status: 503,
    title: 'Issuer unavailable',
    detail:
      "The issuer's keys are temporarily unavailable; try again after the time in Retry-After.",
  },
  credential_url_invalid: {
    status: 401,
    title: 'Invalid credential URL',
    detail:
      'The broker does not accept this credential URL; its operator finds the reason in the audit log.',
  },
  credential_url_expired: {
    status: 401,
    title: 'Credential URL expired',
    detail: 'The credential URL has expired; make a new one.',
  },
  credential_url_used_up: {
    status: 401,
    title: 'Credential URL used up',
    detail: 'The credential URL has given as many credentials as it may; make a new one.',
  },
  credential_url_too_long: {
    status: 403,
    title: 'Credential URL too long',
    detail:
      'The claims of this subject token do not fit into a URL; ask the operator which ones are needed.',
  },
  no_grant: {
    status: 403,
    title: 'No grant',
    detail:
      'No grant fits this subject token and request; the operator finds the reason in the audit log.',
  },
  ambiguous_grant: {
    status: 400,
    title: 'Ambiguous grant',
    detail: 'Several grants fit; send one of the names in "grants" as Grant.',
  },
  invalid_target: {
    status: 400,
    title: 'Invalid target',
    detail: 'Target is malformed; send oss://bucket/, oss://bucket/prefix/ or oss://bucket/key.',
  },
  target_outside_grant: {
    status: 403,
    title: 'Target outside the grant',
    detail: 'The target is outside the grant; send a target within it.',
  },
  permission_outside_grant: {
    status: 403,
    title: 'Permission outside the grant',
    detail: 'The grant does not allow all of these permissions on this target; send fewer.',
  },
  duration_outside_grant: {
    status: 403,
    title: 'Duration outside the grant',
    detail: 'DurationSeconds is longer than the grant allows; send a shorter one.',
  },
  subject_token_life_too_short: {
    status: 403,
    title: 'Subject token about to expire',
    detail: 'The grant requires a subject token that is valid for 900 more seconds; get a new one.',
  },
  caller_address_unknown: {
    status: 403,
    title: 'Caller address unknown',
    detail: "The caller's address is needed and unknown; ask the operator to configure it.",
  },
  too_many_targets: {
    status: 403,
    title: 'Too many targets',
    detail:
      'The grant covers more targets than one credential can hold; send one of them as Target.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    detail: 'There were too many requests; try again after the time in Retry-After.',
  },
  subject_token_replayed: {
    status: 401,
    title: 'Subject token used before',
    detail:
      'The subject token can be used once and was used before; get a new one from its issuer.',
  },
  replay_store_unavailable: {
    status: 503,
    title: 'Replay check unavailable',
    detail: 'The replay check is temporarily unavailable; try again after the time in Retry-After.',
  },
  source_credentials_unavailable: {
    status: 503,
    title: 'Source credentials unavailable',
    detail: 'The broker has no usable source credentials at the moment; try again later.',
  },
  sts_throttled: {
    status: 503,
    title: 'STS is throttling',
    detail: 'STS is throttling requests; try again after the time in Retry-After.',
  },
  sts_unavailable: {
    status: 503,
    title: 'STS unavailable',
    detail: 'STS is temporarily unavailable; try again after the time in Retry-After.',
  },
  sts_refused: {
    status: 502,
    title: 'STS refused',
    detail: 'STS refused to issue the credential; the operator finds the reason in the audit log.',
  },
  sts_answer_unusable: {
    status: 502,
    title: 'Unusable answer from STS',
    detail: 'STS sent an answer that the broker cannot use; give the operator the request ID.',
  },
  audit_unavailable: {
    status: 503,
    title: 'Audit log unavailable',
    detail:
      'The broker could not record its decision, so it issued no credential; try again later.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    detail: 'The broker has a defect; give its operator the request ID.',
  },
};

/** The answer to the caller for a reason. */
export function answerFor(reason: Reason): PublicAnswer {
  const code = publicCodeOf(reason);
  return { ...ANSWERS[code], code };
}
