/** Answers refusals in the two error forms of AWS, each audited once. */
import type { Context } from 'hono';
import { type Refusal, RefusalError } from '../../refusal.ts';
import { answerHeaders } from '../http/answer-headers.ts';
import { toRefusalHeaders } from '../http/refusal-headers.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { CONTAINER } from './addresses.ts';
import { type AwsError, errorFor } from './errors.ts';
import { NAMESPACE, toElement } from './xml.ts';

/** Refuses a request outside the pipeline: audits the refusal, then answers. */
export async function refuseAws(c: Context<SurfaceEnv>, error: Error): Promise<Response> {
  const { refusal } = await c.get('trail').recordRefused(error);
  return answerRefusal(c, refusal);
}

/** For Hono's `onError`. The pipeline audits every refusal that it throws; anything else is a defect. */
export async function answerAwsError(error: Error, c: Context<SurfaceEnv>): Promise<Response> {
  return error instanceof RefusalError ? answerRefusal(c, error.refusal) : refuseAws(c, error);
}

function answerRefusal(c: Context<SurfaceEnv>, refusal: Refusal): Response {
  const origin = c.get('origin');
  const error = errorFor(refusal);
  const isContainer = c.req.path === CONTAINER;
  const body = isContainer ? toJson(error, origin.requestId) : toXml(error, origin.requestId);
  return c.body(body, error.status, {
    ...answerHeaders(origin),
    'Content-Type': isContainer ? 'application/json' : 'text/xml',
    ...toRefusalHeaders(refusal),
  });
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
function toXml({ status, code, message }: AwsError, requestId: string): string {
  return toElement('ErrorResponse', NAMESPACE, {
    Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message },
    RequestId: requestId,
  });
}

/** The SDK for Go reads `code` and `message`, that for JavaScript `Code` and `Message`. */
function toJson({ code, message }: AwsError, requestId: string): string {
  return JSON.stringify({ code, message, Code: code, Message: message, requestId });
}
