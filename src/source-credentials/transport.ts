/** One HTTP exchange with a source of credentials: bounded in time and size, and never through a redirect. */
import { codeOfSystemError, LoadError } from './load-error.ts';
import type { Sleep } from './renewing.ts';

const MAX_ANSWER_BYTES = 65_536;

interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly statusCode: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type Exchange = (request: HttpRequest) => Promise<HttpAnswer>;

/** Makes the exchanges of one load, all of which `signal` ends. They throw LoadErrors without a URL. */
export function createExchange(options: {
  readonly fetch: typeof fetch;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
}): Exchange {
  const { fetch, sleep, signal } = options;
  return async function exchange({ timeoutMs, ...request }) {
    const ended = new AbortController();
    const anyEnd = AbortSignal.any([signal, ended.signal]);
    const deadline = sleep(timeoutMs, anyEnd).then(() => {
      throw new LoadError(`no answer within ${timeoutMs} ms`, { isTransient: true });
    });
    try {
      return await Promise.race([send(fetch, request, anyEnd), deadline]);
    } finally {
      ended.abort();
    }
  };
}

async function send(
  fetch: typeof globalThis.fetch,
  request: Omit<HttpRequest, 'timeoutMs'>,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { url, method, headers, body } = request;
  try {
    const response = await fetch(url, {
      method,
      headers,
      signal,
      redirect: 'manual', // it could lead anywhere, with a token in its hands
      ...(body === undefined ? {} : { body }),
    });
    return {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body: await readBounded(response.body),
    };
  } catch (error) {
    if (error instanceof LoadError) throw error;
    const code = codeOfSystemError(error);
    const detail = code === undefined ? '' : ` (${code})`;
    throw new LoadError(`it cannot be reached${detail}`, { isTransient: true });
  }
}

async function readBounded(body: ReadableStream<Uint8Array> | null): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) {
      throw new LoadError(`its answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
