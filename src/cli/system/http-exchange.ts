/** Makes one HTTP request, with limits on time and size and without redirects. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { readBounded } from '../../lib/read-bounded.ts';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import { CliError, EXIT } from './cli-error.ts';

const MAX_ANSWER_BYTES = 65_536;

export interface HttpRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Sends the request once. Throws a CliError that names the server and nothing of the request. Node's
 * own client is used, because loading `fetch` takes longer than starting Node.
 */
export async function exchange({
  url,
  body,
  timeoutMs,
  ...others
}: HttpRequest): Promise<HttpAnswer> {
  const { request } =
    url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const signal = AbortSignal.timeout(timeoutMs);
  const headers =
    body === undefined
      ? others.headers
      : { ...others.headers, 'Content-Length': String(Buffer.byteLength(body)) };
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, { method: others.method, headers, signal, agent: false }, resolve);
      sent.once('error', reject);
      sent.end(body);
    });
    const answer = await readBounded(response, MAX_ANSWER_BYTES, () =>
      unavailable(url, `answers with more than ${MAX_ANSWER_BYTES} bytes`),
    );
    return { status: response.statusCode ?? 0, headers: response.headers, body: answer };
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (signal.aborted) throw unavailable(url, `does not answer within ${timeoutMs / 1000} s`);
    throw unavailable(url, `cannot be reached (${systemErrorCode(error) ?? 'no answer'})`);
  }
}

function unavailable(url: URL, what: string): CliError {
  return new CliError(EXIT.unavailable, `${url.origin} ${what}`);
}
