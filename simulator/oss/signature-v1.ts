/** Reads OSS signatures of version 1: HMAC-SHA1, in the Authorization header or the query of a presigned URL. */
import { createHmac } from 'node:crypto';
import type { OssRequestHead } from './request.ts';

/** https://www.alibabacloud.com/help/en/oss/developer-reference/include-signatures-in-the-authorization-header */
const SUB_RESOURCES: ReadonlySet<string> = new Set([
  ...['acl', 'append', 'asyncFetch', 'bucketInfo', 'callback', 'callback-var', 'cname', 'comp'],
  ...['continuation-token', 'cors', 'delete', 'encryption', 'endTime', 'img', 'inventory'],
  ...['inventoryId', 'lifecycle', 'live', 'location', 'logging', 'objectMeta', 'partNumber'],
  ...['policy', 'position', 'qos', 'qosInfo', 'referer', 'replication', 'requestPayment'],
  ...['response-cache-control', 'response-content-disposition', 'response-content-encoding'],
  ...['response-content-language', 'response-content-type', 'response-expires', 'restore'],
  ...['security-token', 'sequential', 'startTime', 'stat', 'status', 'style', 'styleName'],
  ...['symlink', 'tagging', 'uploadId', 'uploads', 'versionId', 'versioning', 'versions', 'vod'],
  ...['website', 'worm', 'wormExtend', 'wormId', 'x-oss-process', 'x-oss-traffic-limit'],
]);

/** The content of a V1 signature: the signer, and the signed date or expiry. */
export interface SignatureV1 {
  readonly accessKeyId: string;
  readonly signature: string;
  readonly securityToken: string | undefined;
  /** Milliseconds since the epoch. */
  readonly signedAtMs?: number;
  readonly expiresAtMs?: number;
  readonly stringToSign: string;
}

/** Reads a V1 signature from the header or the query; undefined if the request carries none. */
export function readSignatureV1(request: OssRequestHead): SignatureV1 | undefined {
  const { headers, query } = request;
  const inHeader = /^OSS ([^:]+):(.+)$/.exec(headers['authorization'] ?? '');
  if (inHeader !== null) {
    const date = headers['x-oss-date'] ?? headers['date'] ?? '';
    return {
      accessKeyId: inHeader[1] ?? '',
      signature: inHeader[2] ?? '',
      // the V1 signer of alibabacloud_oss_v2 for Python sends the second, which no signature covers
      securityToken: headers['x-oss-security-token'] ?? headers['security-token'],
      signedAtMs: Date.parse(date),
      stringToSign: toStringToSign(request, date),
    };
  }
  const accessKeyId = query.get('OSSAccessKeyId');
  const signature = query.get('Signature');
  const expires = query.get('Expires');
  if (accessKeyId === undefined || signature === undefined || expires === undefined)
    return undefined;
  return {
    accessKeyId,
    signature,
    securityToken: query.get('security-token'),
    expiresAtMs: Number(expires) * 1000,
    stringToSign: toStringToSign(request, expires),
  };
}

/** Signs with the secret. */
export function signV1(secret: string, stringToSign: string): string {
  return createHmac('sha1', secret).update(stringToSign).digest('base64');
}

function toStringToSign(
  { method, headers, bucket, key, query }: OssRequestHead,
  date: string,
): string {
  const ossHeaders = Object.keys(headers)
    .filter((name) => name.startsWith('x-oss-'))
    .sort()
    .map((name) => `${name}:${headers[name]?.trim()}\n`)
    .join('');
  const subResources = [...query]
    .filter(([name]) => SUB_RESOURCES.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&');
  const resource = bucket === '' ? '/' : `/${bucket}/${key}`;
  const md5 = headers['content-md5'] ?? '';
  const type = headers['content-type'] ?? '';
  return `${method}\n${md5}\n${type}\n${date}\n${ossHeaders}${resource}${subResources === '' ? '' : `?${subResources}`}`;
}
