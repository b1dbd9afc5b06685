/**
 * The one place that touches `@alicloud/credentials` 2.4.7, and how each of its traps is closed.
 *
 * What a provider of the library knows is how to ask: the wire format, the signature, the metadata
 * protocol. That part is used: its public `refresher`, called on a provider made for this one load.
 * Its session cache is not: that has no single flight, asks again at every call in the last 15
 * minutes (an hour with instance metadata), and hands out expired credentials when renewal fails.
 * Its transport is replaced: it cannot speak http to a simulator, has no deadline and no bound on
 * the size of an answer. Its error texts are dropped, since they quote answers with secrets in them.
 */
import type { SourceCredentials } from '../ports.ts';
import { readCredentials, requireSuccess } from './credential-json.ts';
import { LoadError } from './load-error.ts';
import type { Exchange, HttpAnswer } from './transport.ts';

/** Loaded on first use: most brokers never need it. */
export function loadCredentialLibrary() {
  return import('@alicloud/credentials');
}

/** A provider as the library makes it; `refresher` asks once and remembers nothing. */
interface LibraryProvider {
  refresher(): Promise<object>;
}

export interface LibraryLoad {
  readonly provider: LibraryProvider;
  readonly exchange: Exchange;
  readonly timeoutMs: number;
  /** True for a simulator on loopback: the library's scheme is `https` whatever it is told. */
  readonly isPlainHttp?: boolean;
  /** What is asked, in problems: `STS`, `the metadata service`. */
  readonly asked: string;
}

/** Asks once through a provider of the library. Throws LoadErrors. */
export async function loadThroughLibrary(options: LibraryLoad): Promise<SourceCredentials> {
  const { provider, exchange, timeoutMs, isPlainHttp = false, asked } = options;
  let last: HttpAnswer | undefined;
  let lastFailure: LoadError | undefined;

  // every provider keeps its transport in this member, which is how the library's own tests replace it
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
    throw lastFailure ?? (last === undefined ? error : problemOfAnswer(last, asked));
  }
  // the library does not look at the Code of a credentials URI, and takes members of any type
  requireSuccess(parseObject(last?.body) ?? {});
  const credentials = readCredentials(session);
  if (credentials.securityToken === undefined || credentials.expiresAtMs === undefined) {
    throw new LoadError(`the answer of ${asked} has no SecurityToken or no Expiration`);
  }
  return credentials;
}

/** The parts of the library's request; its class is not exported, so they are looked at one by one. */
function readRequest(request: unknown, isPlainHttp: boolean) {
  if (typeof request !== 'object' || request === null) throw new LoadError('it failed');
  const member = (name: string): unknown => Reflect.get(request, name);
  const toRequestUrl = member('toRequestURL');
  const url: unknown =
    typeof toRequestUrl === 'function' ? Reflect.apply(toRequestUrl, request, []) : undefined;
  const method = member('method');
  if (typeof url !== 'string' || typeof method !== 'string') throw new LoadError('it failed');
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

/** Why the library would not take an answer, told from the answer itself. */
function problemOfAnswer({ statusCode, body }: HttpAnswer, asked: string): LoadError {
  const isTransient = statusCode >= 500 || statusCode === 302 || statusCode === 429;
  const stsCode = asked === 'STS' ? readStsCode(body) : undefined;
  if (stsCode !== undefined) {
    const isThrottled = stsCode.startsWith('Throttling');
    return new LoadError(`STS answered ${stsCode}`, {
      isTransient: isTransient || isThrottled,
      stsCode,
    });
  }
  if (statusCode !== 200) {
    return new LoadError(`${asked} answered with status ${statusCode}`, { isTransient });
  }
  if (body.length === 0) return new LoadError(`${asked} gave an empty answer`);
  return new LoadError(
    `the answer of ${asked} is not JSON, or a part of the credentials is missing`,
  );
}

/** STS's codes are words and dots; anything else is not one and is not repeated anywhere. */
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
