/** Fetches one JSON document of an issuer, with limits on size and time and without redirects. */
import { readBounded } from '../../lib/read-bounded.ts';
import { type JsonObject, parseJsonObject } from '../../lib/strict-json.ts';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import type { FetchIssuer } from './issuer-fetch.ts';
import { IssuerProblem } from './issuer-problem.ts';

export interface FetchJsonOptions {
  /** The name of the document in problems. */
  readonly what: string;
  readonly limitBytes: number;
  readonly fetchIssuer: FetchIssuer;
  /** Ends the wait for the answer and its body, even if the fetch ignores the signal. */
  readonly signal: AbortSignal;
  /** Whether the issuer may have addresses in private networks. */
  readonly privateNetwork: boolean;
}

const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Fetches a JSON object with GET. Throws IssuerProblem, whose message contains no URL. */
export async function fetchJsonObject(url: string, options: FetchJsonOptions): Promise<JsonObject> {
  const { what, signal } = options;
  const fetchable = parseFetchableUrl(url);
  if (fetchable === undefined) {
    throw new IssuerProblem(`${what}: its address is neither https nor loopback http`);
  }

  const reading = fetchBytes(fetchable, options);
  const bytes = await Promise.race([reading, waitForAbort(signal)]).catch((error: unknown) => {
    if (error instanceof IssuerProblem) throw new IssuerProblem(`${what}: ${error.message}`);
    if (signal.aborted) throw new IssuerProblem(`${what}: took too long`);
    const code = systemErrorCode(error);
    throw new IssuerProblem(`${what}: cannot be reached${code === undefined ? '' : ` (${code})`}`);
  });
  const parsed = parseJsonObject(bytes);
  if (!parsed.ok) throw new IssuerProblem(`${what}: ${parsed.problem}`);
  return parsed.value;
}

/** The URL if it is https or loopback http, without user name and password. */
export function parseFetchableUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isLoopback = url.protocol === 'http:' && LOOPBACK_HOSTS.includes(url.hostname);
  if (url.protocol !== 'https:' && !isLoopback) return undefined;
  return url.username === '' && url.password === '' ? url : undefined;
}

/** The body of the answer. Its problems are predicates: the caller puts the document's name before them. */
async function fetchBytes(url: URL, options: FetchJsonOptions): Promise<Buffer> {
  const { limitBytes, signal, privateNetwork } = options;
  const answer = await options.fetchIssuer(url, { signal, privateNetwork });
  try {
    // This refuses redirects too: one could lead to an address that nobody configured.
    if (answer.status !== 200) {
      throw new IssuerProblem(`answered with status ${answer.status}`);
    }
    // The request asked for no compression, and a small compressed body can expand without limit.
    if ((answer.contentEncoding ?? 'identity') !== 'identity') {
      throw new IssuerProblem('is compressed');
    }
    const tooLarge = () => new IssuerProblem(`is larger than ${limitBytes} bytes`);
    return await readBounded(answer.body, limitBytes, tooLarge);
  } finally {
    answer.close();
  }
}

function waitForAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, rejectWait) => {
    const stop = () => rejectWait(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}
