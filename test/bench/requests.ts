/** The requests of each row, as whole HTTP texts. Names have a fixed length, so that all answers of a row have one length. */
import { type SigningKey, signCompact } from '../support/keys.ts';
import { AUDIENCE, ISSUER } from './surroundings.ts';

/** As many callers as a busy instance may serve at once. */
export const CALLERS = 64;
/** What each caller asks for in turn, below its own prefix. */
const FOLDERS = ['in', 'me', 'up', 'qs'] as const;
/** Subject tokens outlive the longest credential, so that none is shortened. */
const TOKEN_LIFE_SECONDS = 3 * 3600;
/** A credential of this duration also serves requests for a longer one, up to twice what it has left. */
const CACHED_SECONDS = 2000;
const ASKED_SECONDS_RANGE = 500;

/** Signs new tokens; no two are equal. */
export function signTokens(options: {
  readonly key: SigningKey;
  readonly count: number;
  readonly subjectOf: (n: number) => string;
  readonly plan?: string;
}): readonly string[] {
  const { key, count, subjectOf, plan = 'pro' } = options;
  const header = { alg: key.algorithm, kid: key.keyId, typ: 'JWT' };
  const iat = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, (_, n) => {
    const times = { iat, exp: iat + TOKEN_LIFE_SECONDS, jti: crypto.randomUUID() };
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: subjectOf(n), plan, ...times };
    return signCompact(header, claims, key);
  });
}

/** The caller of the n-th request. */
export function callerOf(n: number): string {
  return `user-${String(n % CALLERS).padStart(3, '0')}`;
}

/** A subject that nobody had before. */
export function newSubjectOf(n: number): string {
  return `new-${String(n).padStart(8, '0')}`;
}

/** Asks for everything that the grant allows. */
export function requestFor(token: string, query = ''): string {
  return [
    `GET /v1/credentials${query} HTTP/1.1`,
    'Host: broker.example.com',
    'User-Agent: bench',
    'Accept: */*',
    `Authorization: Bearer ${token}`,
    '\r\n',
  ].join('\r\n');
}

/** Asks for each folder of each caller once, so that a credential is at hand for each. */
export function folderRequests(tokens: readonly string[]): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    tokens.map((token, n) => requestFor(token, folderQuery(callerOf(n), folder, CACHED_SECONDS))),
  );
}

/**
 * The n-th of many different requests with the same tokens. The credential of `folderRequests`
 * serves it, but nobody asked for this duration before.
 */
export function otherRequest(tokens: readonly string[], n: number): string {
  const folder = FOLDERS[Math.floor(n / CALLERS) % FOLDERS.length] ?? FOLDERS[0];
  const longer = Math.floor(n / (CALLERS * FOLDERS.length)) % ASKED_SECONDS_RANGE;
  const query = folderQuery(callerOf(n), folder, CACHED_SECONDS + 1 + longer);
  return requestFor(tokens[n % CALLERS] ?? '', query);
}

function folderQuery(caller: string, folder: string, seconds: number): string {
  const target = encodeURIComponent(`oss://app-media/users/${caller}/${folder}/`);
  return `?Target=${target}&DurationSeconds=${seconds}`;
}
