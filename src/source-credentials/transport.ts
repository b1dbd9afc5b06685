/** Makes HTTP exchanges with a source of credentials, with limits on time and size and without redirects. */
import { readBounded } from '../lib/read-bounded.ts';
import { LoadError, withCode } from './load-error.ts';
import { type Sleep, withinTime } from './within-time.ts';

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

/** Makes the exchange for one load. `signal` ends all its requests. It throws LoadErrors without a URL. */
export function createExchange(options: {
  readonly fetch: typeof fetch;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
}): Exchange {
  const { fetch, sleep, signal } = options;
  return function exchange({ timeoutMs, ...request }) {
    const toError = () => new LoadError(`no answer within ${timeoutMs} ms`, { isTransient: true });
    return withinTime((ended) => send(fetch, request, AbortSignal.any([signal, ended])), {
      timeoutMs,
      sleep,
      toError,
    });
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
      redirect: 'manual', // a redirect could carry a token anywhere
      ...(body === undefined ? {} : { body }),
    });
    return {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body: await readBounded(response.body, MAX_ANSWER_BYTES, tooLarge),
    };
  } catch (error) {
    if (error instanceof LoadError) throw error;
    throw new LoadError(withCode('the server cannot be reached', error), { isTransient: true });
  }
}

function tooLarge(): LoadError {
  return new LoadError(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
}
