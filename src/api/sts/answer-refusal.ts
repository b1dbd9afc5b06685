/** Answers refusals in the form of STS, each audited once. */
import type { Context } from 'hono';
import { RefusalError } from '../../refusal.ts';
import { answerHeaders } from '../http/answer-headers.ts';
import { toRefusalHeaders } from '../http/refusal-headers.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { type Format, renderDocument } from './document.ts';
import { errorFor } from './errors.ts';

/** STS names the host that was asked. The caller chose that name, so it is not repeated here. */
const HOST_ID = 'oss-token-broker';

/**
 * Answers an error that a handler threw. The pipeline audits every refusal that it throws, so what is
 * no refusal is a defect, and is audited here.
 */
export async function answerStsError(
  c: Context<SurfaceEnv>,
  error: unknown,
  format: Format,
): Promise<Response> {
  const { refusal } =
    error instanceof RefusalError ? error : await c.get('trail').recordRefused(error);
  const origin = c.get('origin');
  const { status, code, message } = errorFor(refusal);
  const { text, contentType } = renderDocument(format, 'Error', {
    RequestId: origin.requestId,
    HostId: HOST_ID,
    Code: code,
    Message: message,
  });
  return c.body(text, status, {
    ...answerHeaders(origin),
    'Content-Type': contentType,
    ...toRefusalHeaders(refusal),
  });
}
