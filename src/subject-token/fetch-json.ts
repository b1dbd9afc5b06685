/** Fetches one JSON document of an issuer: bounded in size and time, and never through a redirect. */
import { IssuerProblem } from './issuer-problem.ts';
import { type JsonObject, parseJsonObject } from './strict-json.ts';

export interface FetchJsonOptions {
  /** What the document is, for the words of a problem. */
  readonly what: string;
  readonly limitBytes: number;
  readonly fetch: typeof fetch;
  /** Ends the wait for the answer and its body, even with a `fetch` that does not listen to it. */
  readonly signal: AbortSignal;
}

const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Fetches a JSON object with GET. Throws IssuerProblem, whose words hold no URL. */
export async function fetchJsonObject(url: string, options: FetchJsonOptions): Promise<JsonObject> {
  const { what, signal } = options;
  if (parseFetchableUrl(url) === undefined) {
    throw new IssuerProblem(`${what}: its address is neither https nor loopback http`);
  }

  const bytes = await Promise.race([fetchBytes(url, options), waitForAbort(signal)]).catch(
    (error: unknown) => {
      if (error instanceof IssuerProblem) throw error;
      if (signal.aborted) throw new IssuerProblem(`${what}: took too long`);
      throw new IssuerProblem(`${what}: cannot be reached${describeCause(error)}`);
    },
  );
  const parsed = parseJsonObject(bytes);
  if (!parsed.ok) throw new IssuerProblem(`${what}: ${parsed.problem}`);
  return parsed.value;
}

/** The URL, if it is https, or http to this very machine, and carries no password. */
export function parseFetchableUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isLoopback = url.protocol === 'http:' && LOOPBACK_HOSTS.includes(url.hostname);
  if (url.protocol !== 'https:' && !isLoopback) return undefined;
  return url.username === '' && url.password === '' ? url : undefined;
}

async function fetchBytes(url: string, options: FetchJsonOptions): Promise<Buffer> {
  const { what, limitBytes, signal } = options;
  // A redirect could lead to an address inside the network that nobody configured.
  const response = await options.fetch(url, {
    redirect: 'manual',
    signal,
    headers: { accept: 'application/json' },
  });
  if (response.status !== 200) {
    discard(response.body);
    throw new IssuerProblem(`${what}: answered with status ${response.status}`);
  }
  if (response.body === null) throw new IssuerProblem(`${what}: is empty`);

  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    // Counted after decompression; leaving the loop cancels the rest of the body.
    if (size > limitBytes) throw new IssuerProblem(`${what}: is larger than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Frees the connection; what becomes of the rest of the body does not matter. */
function discard(body: ReadableStream<Uint8Array> | null): void {
  body?.cancel().catch(() => undefined);
}

function waitForAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, rejectWait) => {
    const stop = () => rejectWait(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** The code of a network error, e.g. ECONNREFUSED: the only part of one that is safe to repeat. */
function describeCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error) || !('code' in cause)) return '';
  const { code } = cause;
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? ` (${code})` : '';
}
