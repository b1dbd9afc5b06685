/** Who sent a request: the identity whose secret its signature was made with. */
import { timingSafeEqual } from 'node:crypto';
import type { Identity, SimulatedCloud } from './cloud.ts';
import { ossError } from './oss-error.ts';
import type { OssRequest } from './oss-request.ts';
import { readSignatureV1, signV1 } from './oss-signature-v1.ts';
import { readSignatureV4, signV4 } from './oss-signature-v4.ts';

/** How far the date of a signed request may be off. */
const MAX_SKEW_MS = 15 * 60 * 1000;

interface Claimed {
  readonly accessKeyId: string;
  readonly signature: string;
  readonly securityToken: string | undefined;
  readonly signedAtMs?: number;
  readonly expiresAtMs?: number;
}

/** The identity behind the signature; undefined for an anonymous request. Throws an OssError. */
export function authenticate(cloud: SimulatedCloud, request: OssRequest): Identity | undefined {
  const v4 = readSignatureV4(request);
  if (v4 !== undefined) {
    return checkSignature(cloud, v4, (secret) => signV4(secret, v4.scope, v4.stringToSign));
  }
  const v1 = readSignatureV1(request);
  if (v1 === undefined) return undefined;
  return checkSignature(cloud, v1, (secret) => signV1(secret, v1.stringToSign));
}

/** Checks key, token, dates and signature, in the order in which OSS names what is wrong. */
export function checkSignature(
  cloud: SimulatedCloud,
  claimed: Claimed,
  sign: (secret: string) => string,
): Identity {
  const identity = cloud.identities.get(claimed.accessKeyId);
  if (identity === undefined) throw ossError('InvalidAccessKeyId');
  if (identity.securityToken !== claimed.securityToken) throw ossError('InvalidSecurityToken');
  const nowMs = cloud.now();
  if (identity.expiresAtMs !== undefined && nowMs >= identity.expiresAtMs) {
    throw ossError('SecurityTokenExpired');
  }
  if (claimed.expiresAtMs !== undefined && !(nowMs < claimed.expiresAtMs)) {
    throw ossError('RequestExpired');
  }
  // a presigned URL says itself how long it is good; any other request must be of now
  const isDated = claimed.expiresAtMs === undefined;
  if (isDated && !(Math.abs(nowMs - (claimed.signedAtMs ?? Number.NaN)) <= MAX_SKEW_MS)) {
    throw ossError('RequestTimeTooSkewed');
  }
  const expected = Buffer.from(sign(identity.accessKeySecret));
  const actual = Buffer.from(claimed.signature);
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    throw ossError('SignatureDoesNotMatch');
  }
  return identity;
}
