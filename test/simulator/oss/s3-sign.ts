/** Signs requests with version 4 of AWS by its documentation, independently of the simulator and of the SDK. */
import { createHash, createHmac } from 'node:crypto';
import { type Ask, basicDate, type Keys, REGION } from './fixture.ts';

/** The address of `app-media` on the S3 side. */
export const S3_HOST = 'app-media.s3.oss-cn-hangzhou.aliyuncs.com';

export interface SigningS3 {
  readonly nowMs: number;
  readonly host?: string;
  readonly region?: string;
  /** By default the day of `nowMs`. */
  readonly day?: string;
  readonly service?: string;
  /** By default every header that `signS3` sends, or `host` in a URL. */
  readonly signedHeaders?: readonly string[];
  /** Stands for the body; by default its hash, or `UNSIGNED-PAYLOAD` in a URL. */
  readonly contentHash?: string;
}

/** Signs in the header. Send the result with the same host. */
export function signS3(ask: Ask, keys: Keys, signing: SigningS3): Ask {
  const { contentHash = sha256(ask.body ?? ''), host = S3_HOST } = signing;
  const headers: Record<string, string> = {
    ...ask.headers,
    'x-amz-date': basicDate(signing.nowMs),
    'x-amz-content-sha256': contentHash,
    ...(keys.securityToken === undefined ? {} : { 'x-amz-security-token': keys.securityToken }),
  };
  const signed = signing.signedHeaders ?? ['host', ...Object.keys(headers)].sort();
  const signature = signatureOf({ ...ask, headers: { ...headers, host } }, keys, {
    ...signing,
    signed,
    contentHash,
  });
  const Authorization =
    `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scopeOf(signing)}, ` +
    `SignedHeaders=${signed.join(';')}, Signature=${signature}`;
  return { ...ask, headers: { ...headers, Authorization } };
}

/** Signs in the query. Send the result with the same host. */
export function presignS3(ask: Ask, keys: Keys, signing: SigningS3 & { expires: string }): Ask {
  const { contentHash = 'UNSIGNED-PAYLOAD', host = S3_HOST, signedHeaders = ['host'] } = signing;
  const query = {
    ...ask.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${keys.accessKeyId}/${scopeOf(signing)}`,
    'X-Amz-Date': basicDate(signing.nowMs),
    'X-Amz-Expires': signing.expires,
    'X-Amz-SignedHeaders': signedHeaders.join(';'),
    ...(keys.securityToken === undefined ? {} : { 'X-Amz-Security-Token': keys.securityToken }),
  };
  const signature = signatureOf({ ...ask, query, headers: { ...ask.headers, host } }, keys, {
    ...signing,
    signed: signedHeaders,
    contentHash,
  });
  return { ...ask, query: { ...query, 'X-Amz-Signature': signature } };
}

function scopeOf({ nowMs, region = REGION, day, service = 's3/aws4_request' }: SigningS3): string {
  return `${day ?? basicDate(nowMs).slice(0, 8)}/${region}/${service}`;
}

function signatureOf(
  ask: Ask,
  keys: Keys,
  signing: SigningS3 & { readonly signed: readonly string[]; readonly contentHash: string },
): string {
  const { method = 'GET', key = '', query = {}, headers = {} } = ask;
  const pairs = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`);
  const lines = signing.signed.map((name) => `${name}:${(headers[name] ?? '').trim()}\n`);
  const path = `/${key.split('/').map(encode).join('/')}`;
  const members = [method, path, pairs.sort().join('&'), lines.join('')];
  const canonical = [...members, signing.signed.join(';'), signing.contentHash].join('\n');
  const scope = scopeOf(signing);
  const date = basicDate(signing.nowMs);
  let derived = Buffer.from(`AWS4${keys.accessKeySecret}`);
  for (const step of scope.split('/')) {
    derived = createHmac('sha256', derived).update(step).digest();
  }
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`;
  return createHmac('sha256', derived).update(text).digest('hex');
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function encode(text: string): string {
  const toEscape = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, toEscape);
}
