/** Sends one OTLP request to the collector. */
import { readBounded } from '../../lib/read-bounded.ts';
import { systemErrorCode } from '../../lib/system-error-code.ts';

/** What became of a request. */
export type Posted =
  | { readonly outcome: 'accepted' }
  /** `isFinal`: the same data would be refused again. `problem` holds no header and no data. */
  | { readonly outcome: 'failed'; readonly problem: string; readonly isFinal: boolean };

export type Post = (path: string, body: object, timeoutMs: number) => Promise<Posted>;

/** The answers after which the same data may be sent again: https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const RETRYABLE = new Set([429, 502, 503, 504]);

/** What a collector says about the data that it did not take. */
const MAX_ANSWER_BYTES = 16_384;

export function createPost(options: {
  /** Without a trailing slash. */
  readonly endpoint: string;
  /** They hold secrets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
}): Post {
  const { endpoint, headers, fetch } = options;

  return async function post(path, body, timeoutMs) {
    try {
      const response = await fetch(`${endpoint}${path}`, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        // a redirect could send the secret headers to another server
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      void discard(response.body);
      if (response.ok) return { outcome: 'accepted' };
      const problem = `${path} is answered with ${response.status}`;
      return { outcome: 'failed', problem, isFinal: !RETRYABLE.has(response.status) };
    } catch (error) {
      return { outcome: 'failed', problem: describe(error, timeoutMs), isFinal: false };
    }
  };
}

/**
 * The body is not needed, but it must be read before its connection can be used again. Nobody waits for
 * this; the time limit of the request ends it.
 */
async function discard(body: ReadableStream<Uint8Array> | null): Promise<void> {
  try {
    await readBounded(body, MAX_ANSWER_BYTES, () => new Error('too large'));
  } catch {
    // the connection is closed, and the next push opens another
  }
}

/** The message of the error may quote a header. */
function describe(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `no answer within ${timeoutMs} ms`;
  }
  const code = systemErrorCode(error);
  return code === undefined ? 'the request failed' : `the request failed (${code})`;
}
