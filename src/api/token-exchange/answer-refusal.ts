/** Answers refusals of the token exchange in the form of RFC 6749 section 5.2, each audited once. */
import type { Context } from 'hono';
import { type Refusal, RefusalError } from '../../refusal.ts';
import { answerHeaders } from '../http/answer-headers.ts';
import { toRefusalHeaders } from '../http/refusal-headers.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { errorFor } from './errors.ts';

/** Refuses a request outside the pipeline: audits the refusal, then answers. */
export async function refuseExchange(c: Context<SurfaceEnv>, error: Error): Promise<Response> {
  const { refusal } = await c.get('trail').recordRefused(error);
  return answerRefusal(c, refusal);
}

/** For Hono's `onError`. The pipeline audits every refusal that it throws; anything else is a defect. */
export async function answerOAuthError(error: Error, c: Context<SurfaceEnv>): Promise<Response> {
  return error instanceof RefusalError ? answerRefusal(c, error.refusal) : refuseExchange(c, error);
}

function answerRefusal(c: Context<SurfaceEnv>, refusal: Refusal): Response {
  const origin = c.get('origin');
  const { status, error, description } = errorFor(refusal);
  const body = JSON.stringify({
    error,
    error_description: description,
    request_id: origin.requestId,
    ...(refusal.reason === 'ambiguous_grant' ? { grants: refusal.grants } : {}),
  });
  return c.body(body, status, {
    ...answerHeaders(origin),
    'Content-Type': 'application/json',
    ...toRefusalHeaders(refusal),
  });
}
