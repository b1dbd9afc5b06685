/** Authenticates a request to OSS: finds the identity whose secret made its signature. */
import { timingSafeEqual } from 'node:crypto';
import type { Identity, SimulatedCloud } from '../cloud.ts';
import { ossError } from './error.ts';
import type { OssRequestHead } from './request.ts';
import { isS3Signed } from './s3-request.ts';
import { readSignatureS3 } from './s3-signature.ts';
import { readSignatureV1, signV1 } from './signature-v1.ts';
import { checkScope, readSignatureV4, signV4 } from './signature-v4.ts';

/** How far a client's clock may be off. */
const MAX_SKEW_MS = 15 * 60 * 1000;

/** The signature that a request carries, unverified. */
export interface RequestSignature {
  readonly accessKeyId: string;
  readonly signature: string;
  readonly securityToken: string | undefined;
  /** Milliseconds since the epoch. */
  readonly signedAtMs?: number;
  /** Absent if the request must be current. */
  readonly expiresAtMs?: number;
  /** Makes the signature that a secret gives. */
  readonly sign: (secret: string) => string;
}

/** Reads the signature; undefined for an anonymous request. Throws an OssError. */
export function readSignature(
  cloud: SimulatedCloud,
  request: OssRequestHead,
): RequestSignature | undefined {
  if (isS3Signed(request)) return readSignatureS3(request);
  const v4 = readSignatureV4(request);
  if (v4 !== undefined) {
    checkScope(v4, cloud.buckets.get(request.bucket)?.region);
    return { ...v4, sign: (secret) => signV4(secret, v4.scope, v4.stringToSign) };
  }
  const v1 = readSignatureV1(request);
  if (v1 !== undefined) return { ...v1, sign: (secret) => signV1(secret, v1.stringToSign) };
  // a request with an unreadable signature must not count as anonymous
  if (request.headers['authorization'] !== undefined) throw ossError('InvalidAuthorization');
  return undefined;
}

/** Checks key, token, dates and signature, in the order of OSS. Throws an OssError. */
export function checkSignature(cloud: SimulatedCloud, presented: RequestSignature): Identity {
  const identity = cloud.identities.get(presented.accessKeyId);
  if (identity === undefined) {
    throw ossError(presented.securityToken === undefined ? 'InvalidAccessKeyId' : 'UnknownSession');
  }
  checkSecurityToken(identity.securityToken, presented.securityToken);
  const nowMs = cloud.now();
  if (identity.expiresAtMs !== undefined && nowMs >= identity.expiresAtMs) {
    throw ossError('SecurityTokenExpired');
  }
  checkDates(presented, nowMs);
  const expected = Buffer.from(presented.sign(identity.accessKeySecret));
  const actual = Buffer.from(presented.signature);
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    throw ossError('SignatureDoesNotMatch');
  }
  return identity;
}

/** The key of a session is valid only with its token, and the token only with that key. */
function checkSecurityToken(expected: string | undefined, actual: string | undefined): void {
  if (expected === actual) return;
  if (actual === undefined) throw ossError('InvalidAccessKeyId');
  throw ossError(expected === undefined ? 'UnknownSession' : 'InvalidSecurityToken');
}

/** A presigned URL or form has its own expiry; any other request must be current. */
function checkDates({ signedAtMs, expiresAtMs }: RequestSignature, nowMs: number): void {
  if (expiresAtMs === undefined) {
    if (Math.abs(nowMs - (signedAtMs ?? Number.NaN)) <= MAX_SKEW_MS) return;
    throw ossError('RequestTimeTooSkewed');
  }
  if (!(nowMs < expiresAtMs)) throw ossError('RequestExpired');
  if (signedAtMs !== undefined && !(signedAtMs - nowMs <= MAX_SKEW_MS)) {
    throw ossError('RequestTimeTooSkewed');
  }
}
