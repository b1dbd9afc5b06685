/** Signs a request to OSS with signature version 4. */
import { createHash, createHmac } from 'node:crypto';
import { encodeOssPath } from './encode-oss-path.ts';

const ALGORITHM = 'OSS4-HMAC-SHA256';
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

/**
 * Returns the headers for a request, the given ones among them.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4
 */
export function signOssRequest(options: {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly bucket: string;
  /** Empty: the bucket itself. */
  readonly key: string;
  /** Absent: no query. A sub-resource such as `cors` has an empty value. */
  readonly query?: Readonly<Record<string, string>>;
  /** Headers whose names begin with `x-oss-`, in lower case. */
  readonly headers?: Readonly<Record<`x-oss-${string}`, string>>;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly accessKeySecret: string;
    readonly securityToken?: string;
  };
  /** Milliseconds since the epoch; OSS allows 15 minutes either way. */
  readonly nowMs: number;
}): Readonly<Record<string, string>> {
  const { method, bucket, key, query = {}, region, credentials, nowMs } = options;
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers = {
    ...options.headers,
    'x-oss-content-sha256': UNSIGNED_PAYLOAD,
    'x-oss-date': time,
    ...(securityToken === undefined ? {} : { 'x-oss-security-token': securityToken }),
  };
  const signed = inOrder(headers).map(([name, value]) => `${name}:${value}\n`);
  const asked = inOrder(query).map(([name, value]) =>
    (value === '' ? [name] : [name, value])
      .map((text) => encodeOssPath(text).replaceAll('/', '%2F'))
      .join('='),
  );
  const path = encodeOssPath(`/${bucket}/${key}`);
  // the empty line is the list of additional headers
  const request = [method, path, asked.join('&'), signed.join(''), '', UNSIGNED_PAYLOAD].join('\n');
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

function inOrder(
  members: Readonly<Record<string, string>>,
): readonly (readonly [string, string])[] {
  return Object.entries(members).sort(([left], [right]) => (left < right ? -1 : 1));
}
