/** Signs a GET request to OSS with signature version 4. */
import { createHash, createHmac } from 'node:crypto';
import type { SourceCredentials } from '../../ports.ts';

const ALGORITHM = 'OSS4-HMAC-SHA256';
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

/** Encodes a path as it is signed and sent: everything but letters, digits, `-._~` (RFC 3986) and `/`. */
export function encodeOssPath(path: string): string {
  return encodeURIComponent(path)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/');
}

/**
 * Returns the headers for a GET of one object, or of a bucket if the key is empty.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4
 */
export function signOssGet(options: {
  readonly bucket: string;
  readonly key: string;
  /** A sub-resource without a value, e.g. `cors`. Absent: no query. */
  readonly query?: string;
  readonly region: string;
  readonly credentials: SourceCredentials;
  /** Milliseconds since the epoch; OSS allows 15 minutes either way. */
  readonly nowMs: number;
}): Readonly<Record<string, string>> {
  const { bucket, key, query = '', region, credentials, nowMs } = options;
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers = {
    'x-oss-content-sha256': UNSIGNED_PAYLOAD,
    'x-oss-date': time,
    ...(securityToken === undefined ? {} : { 'x-oss-security-token': securityToken }),
  };
  // these names are already sorted; the empty line is the list of additional headers
  const signed = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const path = encodeOssPath(`/${bucket}/${key}`);
  const request = ['GET', path, query, signed.join(''), '', UNSIGNED_PAYLOAD].join('\n');
  const scope = [time.slice(0, 8), region, 'oss', 'aliyun_v4_request'];
  const hash = createHash('sha256').update(request).digest('hex');
  const toSign = [ALGORITHM, time, scope.join('/'), hash].join('\n');
  const signature = [...scope, toSign].reduce<string | Buffer>(
    (secret, text) => createHmac('sha256', secret).update(text).digest(),
    `aliyun_v4${accessKeySecret}`,
  );
  const authorization = `Credential=${accessKeyId}/${scope.join('/')},Signature=${Buffer.from(signature).toString('hex')}`;
  return { ...headers, authorization: `${ALGORITHM} ${authorization}` };
}
