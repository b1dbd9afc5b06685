/** Who sent a request: the identity whose secret its signature was made with. */
import { timingSafeEqual } from 'node:crypto';
import type { Identity, SimulatedCloud } from '../cloud.ts';
import { ossError } from './error.ts';
import type { OssRequestHead } from './request.ts';
import { readSignatureV1, signV1 } from './signature-v1.ts';
import { checkScope, readSignatureV4, signV4 } from './signature-v4.ts';

/** How far the clock of a client may be off. */
const MAX_SKEW_MS = 15 * 60 * 1000;

/** What a request says of its own signature. */
export interface Claimed {
  readonly accessKeyId: string;
  readonly signature: string;
  readonly securityToken: string | undefined;
  /** Milliseconds since the epoch. */
  readonly signedAtMs?: number;
  /** Absent where the request has to be of now. */
  readonly expiresAtMs?: number;
  /** What the secret has to make of it. */
  readonly sign: (secret: string) => string;
}

/** The signature that a request carries; undefined for an anonymous request. Throws an OssError. */
export function readClaimed(cloud: SimulatedCloud, request: OssRequestHead): Claimed | undefined {
  const v4 = readSignatureV4(request);
  if (v4 !== undefined) {
    checkScope(v4, cloud.buckets.get(request.bucket)?.region);
    return { ...v4, sign: (secret) => signV4(secret, v4.scope, v4.stringToSign) };
  }
  const v1 = readSignatureV1(request);
  if (v1 !== undefined) return { ...v1, sign: (secret) => signV1(secret, v1.stringToSign) };
  // what is meant as a signature must not pass for an anonymous request
  if (request.headers['authorization'] !== undefined) throw ossError('InvalidAuthorization');
  return undefined;
}

/** Checks key, token, dates and signature, in the order in which OSS names what is wrong. */
export function checkSignature(cloud: SimulatedCloud, claimed: Claimed): Identity {
  const identity = cloud.identities.get(claimed.accessKeyId);
  if (identity === undefined) {
    throw ossError(claimed.securityToken === undefined ? 'InvalidAccessKeyId' : 'UnknownSession');
  }
  checkSecurityToken(identity.securityToken, claimed.securityToken);
  const nowMs = cloud.now();
  if (identity.expiresAtMs !== undefined && nowMs >= identity.expiresAtMs) {
    throw ossError('SecurityTokenExpired');
  }
  checkDates(claimed, nowMs);
  const expected = Buffer.from(claimed.sign(identity.accessKeySecret));
  const actual = Buffer.from(claimed.signature);
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    throw ossError('SignatureDoesNotMatch');
  }
  return identity;
}

/** The key of a session is worth nothing without its token, nor is the token with another key. */
function checkSecurityToken(expected: string | undefined, actual: string | undefined): void {
  if (expected === actual) return;
  if (actual === undefined) throw ossError('InvalidAccessKeyId');
  throw ossError(expected === undefined ? 'UnknownSession' : 'InvalidSecurityToken');
}

/** A presigned URL or form says itself how long it is good; any other request must be of now. */
function checkDates({ signedAtMs, expiresAtMs }: Claimed, nowMs: number): void {
  if (expiresAtMs === undefined) {
    if (Math.abs(nowMs - (signedAtMs ?? Number.NaN)) <= MAX_SKEW_MS) return;
    throw ossError('RequestTimeTooSkewed');
  }
  if (!(nowMs < expiresAtMs)) throw ossError('RequestExpired');
  if (signedAtMs !== undefined && !(signedAtMs - nowMs <= MAX_SKEW_MS)) {
    throw ossError('RequestTimeTooSkewed');
  }
}
