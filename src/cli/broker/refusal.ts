/** Makes an error of an answer that is no success: the broker's code, its sentence and the request id. */
import { isJsonObject, parseJsonObject } from '../../lib/strict-json.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { HttpAnswer } from '../system/http-exchange.ts';
import { printable } from '../system/printable.ts';

/** Statuses of answers that a later request may not get. */
const TEMPORARY = [429, 503, 504];
const MAX_RETRY_AFTER_SECONDS = 3600;

/** Never throws. The error quotes `code`, `detail`, `requestId` and `grants` of RFC 9457 problems only. */
export function refusalOf({ status, headers, body }: HttpAnswer): CliError {
  const parsed = parseJsonObject(body);
  const problem = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const { code, detail, requestId, grants } = problem;
  // a gateway in front of the broker answers 502 without a code
  const isTemporary = TEMPORARY.includes(status) || (status === 502 && code === undefined);
  const exitCode = isTemporary ? EXIT.unavailable : EXIT.refused;
  const retryAfter = readRetryAfter(headers['retry-after']);
  if (typeof code !== 'string') return new CliError(exitCode, describeForeign(status), retryAfter);
  const names = Array.isArray(grants) ? grants.filter((name) => typeof name === 'string') : [];
  const parts = [
    `${isTemporary ? 'unavailable' : 'refused'}: ${code}: ${typeof detail === 'string' ? detail : ''}`,
    ...(names.length === 0 ? [] : [`grants: ${names.join(', ')}`]),
    ...(typeof requestId === 'string' ? [`request id: ${requestId}`] : []),
  ];
  return new CliError(exitCode, parts.map(printable).join('\n'), retryAfter);
}

function describeForeign(status: number): string {
  if (status >= 300 && status < 400) {
    return `The address of the broker leads elsewhere (status ${status}). Redirects are not followed, since they would carry the subject token along.`;
  }
  return `The address does not answer as a broker does (status ${status}).`;
}

/** Seconds, as the broker sends them; undefined for every other form. */
function readRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,6}$/.test(text)) return undefined;
  return Math.min(MAX_RETRY_AFTER_SECONDS, Number(text));
}
