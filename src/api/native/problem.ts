/** Turns refusals into RFC 9457 problem details. */
import type { Refusal } from '../../refusal.ts';
import { toRefusalHeaders } from '../http/refusal-headers.ts';
import { answerFor, type PublicAnswer } from './public-answers.ts';

export interface Problem {
  readonly body: string;
  readonly status: PublicAnswer['status'];
  readonly headers: Record<string, string>;
}

/**
 * Makes the answer to a refusal. Besides the fixed answer for its reason, it contains only what the
 * next request needs: the allowed methods, when to try again, and the names of grants that fit.
 */
export function toProblem(refusal: Refusal, requestId: string): Problem {
  const { status, code, title, detail } = answerFor(refusal.reason);
  const problem = {
    type: `urn:oss-token-broker:problem:${code}`,
    title,
    status,
    detail,
    code,
    requestId,
    ...(refusal.reason === 'ambiguous_grant' ? { grants: refusal.grants } : {}),
  };
  const headers = { 'Content-Type': 'application/problem+json', ...headersFor(refusal, code) };
  return { body: JSON.stringify(problem), status, headers };
}

function headersFor(refusal: Refusal, code: string): Readonly<Record<string, string>> {
  if (answerFor(refusal.reason).status === 401) {
    return { 'WWW-Authenticate': challengeFor(refusal, code) };
  }
  return toRefusalHeaders(refusal);
}

/** RFC 6750 section 3: no error code if no token was sent. */
function challengeFor(refusal: Refusal, code: string): string {
  const realm = 'Bearer realm="oss-token-broker"';
  return refusal.reason === 'token_missing'
    ? realm
    : `${realm}, error="invalid_token", error_description="${code}"`;
}
