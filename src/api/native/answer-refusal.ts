/** Answers refusals of the native API as problem details, each audited once. */
import type { Context } from 'hono';
import { type Refusal, RefusalError, refuse } from '../../refusal.ts';
import { answerHeaders } from '../http/answer-headers.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { toProblem } from './problem.ts';

/** Refuses a request outside the pipeline: audits the refusal, then answers. */
export async function refuseWith(c: Context<SurfaceEnv>, error: Error): Promise<Response> {
  const { refusal } = await c.get('trail').recordRefused(error);
  return answerRefusal(c, refusal);
}

/** Makes the handler for the methods that an address does not have. `allow` is for the `Allow` header. */
export function refuseMethod(allow: string): (c: Context<SurfaceEnv>) => Promise<Response> {
  return (c) => refuseWith(c, refuse({ reason: 'method_not_allowed', allow }));
}

/** For Hono's `onError`. The pipeline audits every refusal that it throws; anything else is a defect. */
export async function answerError(error: Error, c: Context<SurfaceEnv>): Promise<Response> {
  return error instanceof RefusalError ? answerRefusal(c, error.refusal) : refuseWith(c, error);
}

function answerRefusal(c: Context<SurfaceEnv>, refusal: Refusal): Response {
  const origin = c.get('origin');
  const { body, status, headers } = toProblem(refusal, origin.requestId);
  return c.body(body, status, { ...answerHeaders(origin), ...headers });
}
