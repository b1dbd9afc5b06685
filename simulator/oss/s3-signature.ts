/** Reads signatures of AWS version 4, as the S3 side of OSS takes them, in the Authorization header or the query of a presigned URL. */
import { createHash } from 'node:crypto';
import { ossError } from './error.ts';
import type { OssRequestHead } from './request.ts';
import { UNSIGNED } from './s3-content.ts';
import { headersNotSigned, s3Error } from './s3-error.ts';
import { amzHeaders, isPresigned } from './s3-request.ts';
import {
  encode,
  encodePath,
  MAX_LIFE_SECONDS,
  parseBasicDate,
  signForScope,
} from './signature-v4.ts';

/** The content of a signature of AWS version 4. */
export interface SignatureS3 {
  readonly accessKeyId: string;
  readonly signature: string;
  readonly securityToken: string | undefined;
  /** Milliseconds since the epoch. */
  readonly signedAtMs: number;
  /** Present for presigned URLs. */
  readonly expiresAtMs?: number;
  /** Makes the signature that a secret gives. */
  readonly sign: (secret: string) => string;
}

/** The members of a signature as sent. */
interface Sent {
  readonly credential: string;
  readonly signature: string;
  /** Separated by `;`. */
  readonly signedHeaders: string;
  readonly date: string;
  /** What stands for the body in the signed text. */
  readonly contentHash: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * Reads the signature of a request that has one or part of one. Throws an OssError.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export function readSignatureS3(request: OssRequestHead): SignatureS3 {
  const { headers, query } = request;
  const authorization = headers['authorization'];
  const hash = amzHeaders(request).get('x-amz-content-sha256');
  if (authorization === undefined) {
    const signature = toSignature(request, readQuery(query, hash ?? UNSIGNED));
    const lifeSeconds = Number(query.get('X-Amz-Expires'));
    if (!Number.isInteger(lifeSeconds) || lifeSeconds < 1 || lifeSeconds > MAX_LIFE_SECONDS) {
      throw s3Error('InvalidExpires');
    }
    const expiresAtMs = signature.signedAtMs + lifeSeconds * 1000;
    return { ...signature, securityToken: query.get('X-Amz-Security-Token'), expiresAtMs };
  }
  if (isPresigned(query)) throw s3Error('TwoSignatures');
  if (authorization.startsWith('AWS ')) {
    throw ossError('NotImplemented', 'The simulator does not know version 2 of AWS signatures.');
  }
  if (hash === undefined) throw s3Error('InvalidContentHash');
  return {
    ...toSignature(request, readHeader(authorization, headers['x-amz-date'] ?? '', hash)),
    securityToken: headers['x-amz-security-token'],
  };
}

function readQuery(query: OssRequestHead['query'], contentHash: string): Sent {
  if (query.get('X-Amz-Algorithm') !== ALGORITHM) throw s3Error('UnknownAlgorithm');
  return {
    credential: query.get('X-Amz-Credential') ?? '',
    signature: query.get('X-Amz-Signature') ?? '',
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
    date: query.get('X-Amz-Date') ?? '',
    contentHash,
  };
}

function readHeader(authorization: string, date: string, contentHash: string): Sent {
  if (!authorization.startsWith(`${ALGORITHM} `)) throw s3Error('UnknownAlgorithm');
  const members = new Map(
    authorization
      .slice(ALGORITHM.length + 1)
      .split(',')
      .map((member) => /^\s*(\w+)=(.*?)\s*$/.exec(member) ?? [])
      .map(([, name = '', value = '']) => [name, value]),
  );
  return {
    credential: members.get('Credential') ?? '',
    signature: members.get('Signature') ?? '',
    signedHeaders: members.get('SignedHeaders') ?? '',
    date,
    contentHash,
  };
}

function toSignature(request: OssRequestHead, sent: Sent) {
  const { credential, signature, signedHeaders, date } = sent;
  if (signedHeaders === '') throw s3Error('NoSignedHeaders');
  const names = signedHeaders.split(';');
  if (!names.includes('host')) throw s3Error('HostNotSigned');
  checkUnsigned(request, names);
  if (!/^[0-9a-f]{64}$/.test(signature)) throw s3Error('MalformedSignature');
  const [, accessKeyId = '', scope = ''] = /^([^/]+)\/(.*)$/.exec(credential) ?? [];
  checkScope(scope, date);
  const hash = createHash('sha256')
    .update(toCanonicalRequest(request, sent, names))
    .digest('hex');
  const stringToSign = `${ALGORITHM}\n${date}\n${scope}\n${hash}`;
  return {
    accessKeyId,
    signature,
    signedAtMs: parseBasicDate(date),
    sign: (secret: string) => signForScope(`AWS4${secret}`, scope, stringToSign),
  };
}

/** Any region is good: the pages of OSS have `us-east-1` in examples for Hangzhou. Throws an OssError. */
function checkScope(scope: string, date: string): void {
  const [day, , ...service] = scope.split('/');
  if (service.join('/') !== 's3/aws4_request') throw s3Error('IncompleteCredential');
  if (day !== date.slice(0, 8)) throw s3Error('OtherDay');
}

/**
 * A header that means something must be signed: nobody can publish an object by adding an ACL to
 * somebody's request. S3 demands it of `x-amz-…`; that OSS does, and of `x-oss-…` too, is an
 * assumption. The hash is in the signed text anyway. Throws an OssError.
 */
function checkUnsigned({ headers }: OssRequestHead, signed: readonly string[]): void {
  const unsigned = Object.keys(headers).some(
    (name) =>
      /^x-(amz|oss)-/.test(name) && name !== 'x-amz-content-sha256' && !signed.includes(name),
  );
  if (unsigned) throw headersNotSigned();
}

function toCanonicalRequest(
  { method, key, query, headers }: OssRequestHead,
  { signedHeaders, contentHash }: Sent,
  names: readonly string[],
): string {
  const canonicalQuery = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const canonicalHeaders = names
    .map((name) => `${name}:${headers[name]?.trim().replace(/\s+/g, ' ') ?? ''}\n`)
    .join('');
  return [
    method,
    encodePath(`/${key}`),
    canonicalQuery,
    canonicalHeaders,
    signedHeaders,
    contentHash,
  ].join('\n');
}
