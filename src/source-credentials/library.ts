/**
 * The only file that uses `@alicloud/credentials` 2.4.7; it works around each of its flaws.
 *
 * Used: the wire formats, signatures and metadata protocol, through the public `refresher` of a
 * provider made for one load. Not used: its session cache, which has no single flight, reloads at
 * every call in the last 15 minutes (an hour with instance metadata), and hands out expired
 * credentials when renewal fails. Replaced: its transport, which cannot use http to a simulator and
 * has no deadline and no limit on the size of an answer. Dropped: its error texts, which quote
 * answers with secrets in them.
 */
import type { SourceCredentials } from '../ports.ts';
import { readCredentials, requireSuccess } from './credential-json.ts';
import { LoadError } from './load-error.ts';
import type { Exchange, HttpAnswer } from './transport.ts';

/** Loaded on first use: most brokers never need it. */
export function loadCredentialLibrary() {
  return import('@alicloud/credentials');
}

/** A provider of the library; `refresher` loads once and remembers nothing. */
interface LibraryProvider {
  refresher(): Promise<object>;
}

export interface LibraryLoad {
  readonly provider: LibraryProvider;
  readonly exchange: Exchange;
  readonly timeoutMs: number;
  /** True for a simulator on loopback: the library itself always uses `https`. */
  readonly isPlainHttp?: boolean;
  /** The name of the server in problems: `STS`, `the metadata service`. */
  readonly server: string;
}

/** Loads once through a provider of the library. Throws LoadErrors. */
export async function loadThroughLibrary(options: LibraryLoad): Promise<SourceCredentials> {
  const { provider, exchange, timeoutMs, isPlainHttp = false, server } = options;
  let last: HttpAnswer | undefined;
  let lastFailure: LoadError | undefined;

  // every provider keeps its transport in this member; the library's own tests replace it the same way
  Reflect.set(provider, 'doRequest', async (request: unknown) => {
    try {
      const answer = await exchange({ ...readRequest(request, isPlainHttp), timeoutMs });
      last = answer;
      lastFailure = undefined;
      return answer;
    } catch (error) {
      last = undefined;
      if (error instanceof LoadError) lastFailure = error;
      throw error;
    }
  });

  let session: object;
  try {
    session = await provider.refresher();
  } catch (error) {
    if (error instanceof LoadError) throw error;
    throw lastFailure ?? (last === undefined ? error : problemOfAnswer(last, server));
  }
  // the library ignores the Code of a credentials URI, and accepts members of any type
  requireSuccess(parseObject(last?.body) ?? {});
  const credentials = readCredentials(session);
  if (credentials.securityToken === undefined || credentials.expiresAtMs === undefined) {
    throw new LoadError(`the answer of ${server} lacks SecurityToken or Expiration`);
  }
  return credentials;
}

/** Reads the library's request member by member, because its class is not exported. */
function readRequest(request: unknown, isPlainHttp: boolean) {
  if (typeof request !== 'object' || request === null) throw new LoadError('loading failed');
  const member = (name: string): unknown => Reflect.get(request, name);
  const toRequestUrl = member('toRequestURL');
  const url: unknown =
    typeof toRequestUrl === 'function' ? Reflect.apply(toRequestUrl, request, []) : undefined;
  const method = member('method');
  if (typeof url !== 'string' || typeof method !== 'string') throw new LoadError('loading failed');
  const form = toTexts(member('bodyForm'));
  return {
    url: isPlainHttp ? url.replace(/^https:/, 'http:') : url,
    method,
    headers: toTexts(member('headers')),
    ...(Object.keys(form).length === 0 ? {} : { body: String(new URLSearchParams(form)) }),
  };
}

function toTexts(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  const texts = Object.entries(value).filter((entry): entry is [string, string] => {
    return typeof entry[1] === 'string';
  });
  return Object.fromEntries(texts);
}

/** Says why the library did not accept an answer, judged from the answer itself. */
function problemOfAnswer({ statusCode, body }: HttpAnswer, server: string): LoadError {
  const isTransient = statusCode >= 500 || statusCode === 302 || statusCode === 429;
  const stsCode = server === 'STS' ? readStsCode(body) : undefined;
  if (stsCode !== undefined) {
    const isThrottled = stsCode.startsWith('Throttling');
    return new LoadError(`STS answered ${stsCode}`, {
      isTransient: isTransient || isThrottled,
      stsCode,
    });
  }
  if (statusCode !== 200) {
    return new LoadError(`${server} answered with status ${statusCode}`, { isTransient });
  }
  if (body.length === 0) return new LoadError(`${server} sent an empty answer`);
  return new LoadError(`the answer of ${server} is not JSON or lacks a part of the credentials`);
}

/** The Code of an STS error: words and dots. Anything else is ignored and never shown. */
function readStsCode(body: Buffer): string | undefined {
  const answer = parseObject(body);
  const code: unknown = answer === undefined ? undefined : Reflect.get(answer, 'Code');
  return typeof code === 'string' && /^[A-Za-z0-9_.]{1,100}$/.test(code) ? code : undefined;
}

function parseObject(body: Buffer | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(body?.toString('utf8') ?? '');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
