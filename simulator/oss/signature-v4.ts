/** Reads OSS signatures of version 4: HMAC-SHA256 with a derived key, in the Authorization header or the query of a presigned URL. */
import { createHash, createHmac } from 'node:crypto';
import { ossError } from './error.ts';
import type { OssRequestHead } from './request.ts';

/** The content of a V4 signature. https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4 */
export interface SignatureV4 {
  readonly accessKeyId: string;
  readonly signature: string;
  readonly securityToken: string | undefined;
  /** `20261123/cn-hangzhou/oss/aliyun_v4_request` */
  readonly scope: string;
  /** `20261123T190000Z` */
  readonly date: string;
  /** Milliseconds since the epoch. */
  readonly signedAtMs: number;
  /** Present for presigned URLs. */
  readonly expiresAtMs?: number;
  readonly stringToSign: string;
}

export const ALGORITHM = 'OSS4-HMAC-SHA256';

/** The longest validity of a presigned URL or a form: seven days. */
export const MAX_LIFE_SECONDS = 604_800;

/** Reads a V4 signature from the header or the query; undefined if there is none. Throws an OssError. */
export function readSignatureV4(request: OssRequestHead): SignatureV4 | undefined {
  const { headers, query } = request;
  const authorization = headers['authorization'] ?? '';
  if (authorization.startsWith(`${ALGORITHM} `)) {
    const members = new Map(
      authorization
        .slice(ALGORITHM.length + 1)
        .split(',')
        .map((member) => /^\s*(\w+)=(.*)$/.exec(member) ?? [])
        .map(([, name = '', value = '']) => [name, value]),
    );
    return toSignature(request, {
      credential: members.get('Credential') ?? '',
      signature: members.get('Signature') ?? '',
      additional: members.get('AdditionalHeaders') ?? '',
      date: headers['x-oss-date'] ?? '',
      securityToken: headers['x-oss-security-token'],
    });
  }
  if (query.get('x-oss-signature-version') !== ALGORITHM) return undefined;
  const date = query.get('x-oss-date') ?? '';
  const signature = toSignature(request, {
    credential: query.get('x-oss-credential') ?? '',
    signature: query.get('x-oss-signature') ?? '',
    additional: query.get('x-oss-additional-headers') ?? '',
    date,
    securityToken: query.get('x-oss-security-token'),
  });
  const lifeSeconds = Number(query.get('x-oss-expires'));
  if (!Number.isInteger(lifeSeconds) || lifeSeconds < 1 || lifeSeconds > MAX_LIFE_SECONDS) {
    throw ossError('InvalidArgument', 'x-oss-expires is not between 1 and 604800.');
  }
  return { ...signature, expiresAtMs: signature.signedAtMs + lifeSeconds * 1000 };
}

/** Signs with a key that is derived from the secret for the scope. */
export function signV4(secret: string, scope: string, stringToSign: string): string {
  return signForScope(`aliyun_v4${secret}`, scope, stringToSign);
}

/** Signs with the key that every part of the scope derives from the one before; AWS does the same. */
export function signForScope(root: string, scope: string, stringToSign: string): string {
  const key = scope
    .split('/')
    .reduce<string | Buffer>(
      (parent, step) => createHmac('sha256', parent).update(step).digest(),
      root,
    );
  return createHmac('sha256', key).update(stringToSign).digest('hex');
}

/**
 * A key is derived for one day, one region and this service. A signature for another scope is
 * refused. `region` is undefined for requests without a bucket. Throws an OssError.
 */
export function checkScope(
  { scope, date }: Pick<SignatureV4, 'scope' | 'date'>,
  region: string | undefined,
): void {
  const [day, signedRegion, ...service] = scope.split('/');
  if (service.join('/') !== 'oss/aliyun_v4_request' || day !== date.slice(0, 8)) {
    throw ossError('InvalidCredential');
  }
  if (region !== undefined && signedRegion !== region) throw ossError('WrongRegion');
}

function toSignature(
  request: OssRequestHead,
  sent: {
    readonly credential: string;
    readonly signature: string;
    readonly additional: string;
    readonly date: string;
    readonly securityToken: string | undefined;
  },
): SignatureV4 {
  const { credential, signature, additional, date, securityToken } = sent;
  const slash = credential.indexOf('/');
  const scope = credential.slice(slash + 1);
  const canonical = toCanonicalRequest(request, additional === '' ? [] : additional.split(';'));
  const hash = createHash('sha256').update(canonical).digest('hex');
  return {
    accessKeyId: credential.slice(0, slash),
    signature,
    securityToken,
    scope,
    date,
    signedAtMs: parseBasicDate(date),
    stringToSign: `${ALGORITHM}\n${date}\n${scope}\n${hash}`,
  };
}

function toCanonicalRequest(request: OssRequestHead, additional: readonly string[]): string {
  const { method, bucket, key, query, headers } = request;
  const path = bucket === '' ? '/' : `/${bucket}/${key}`;
  const canonicalQuery = [...query]
    .filter(([name]) => name !== 'x-oss-signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&');
  const signedHeaders = Object.keys(headers)
    .filter(
      (name) =>
        name === 'content-type' ||
        name === 'content-md5' ||
        name.startsWith('x-oss-') ||
        additional.includes(name),
    )
    .sort()
    .map((name) => `${name}:${headers[name]?.trim()}\n`)
    .join('');
  const payload = headers['x-oss-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  return [
    method,
    encodePath(path),
    canonicalQuery,
    signedHeaders,
    additional.join(';'),
    payload,
  ].join('\n');
}

/** As `encode`, but keeps the slashes. */
export function encodePath(path: string): string {
  return encode(path).replaceAll('%2F', '/');
}

/** Percent-encodes everything except letters, digits and `-._~` (RFC 3986). */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `20261123T190000Z` to milliseconds; NaN for anything else. */
export function parseBasicDate(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
