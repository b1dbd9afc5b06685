/** Authenticates requests to the simulated STS: who signed, and that nobody changed or replayed it. */

import type { Identity, SimulatedCloud } from '../cloud.ts';
import { readAcs3Signature } from './acs3-signature.ts';
import { stsError } from './error.ts';
import { type SignatureScheme, type SignedRequest, type StsRequest, schemeOf } from './request.ts';
import { readRpcSignature } from './rpc-signature.ts';

const CLOCK_TOLERANCE_MS = 15 * 60 * 1000;
const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** The STS class of ali-oss signs with the RPC scheme, and sends milliseconds. */
const WITH_MILLISECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/;

/**
 * Makes a function that returns the identity that signed a request, or throws StsError. It
 * remembers at most `nonceCapacity` nonces and forgets the oldest first.
 */
export function createAuthenticator(options: {
  readonly cloud: SimulatedCloud;
  readonly nonceCapacity: number;
}): (request: StsRequest) => Identity {
  const { cloud } = options;
  const spendNonce = createNonceMemory(options);

  return function authenticate(request) {
    const scheme = schemeOf(request);
    const signed = READERS[scheme](request);
    const format = scheme === 'rpc' ? WITH_MILLISECONDS : WHOLE_SECONDS;
    checkTimestamp(signed.timestamp, cloud.now(), format);
    const identity = cloud.identities.get(signed.accessKeyId);
    if (identity === undefined) throw stsError('InvalidAccessKeyId.NotFound');
    checkSecurityToken(cloud, identity, signed.securityToken);
    if (!signed.isSignedWith(identity.accessKeySecret)) {
      throw stsError(
        'SignatureDoesNotMatch',
        `Specified signature is not matched with our calculation. server string to sign is:${signed.stringToSign}`,
      );
    }
    // Only the nonce of a genuine request counts, or a stranger could use up the nonces of others.
    if (signed.nonce === undefined || signed.nonce === '') throw stsError('MissingSignatureNonce');
    spendNonce(JSON.stringify([signed.accessKeyId, signed.nonce]));
    return identity;
  };
}

/**
 * Throws StsError for a time stamp that is over 15 minutes off, or not in the format: by default UTC
 * in whole seconds.
 */
export function checkTimestamp(
  timestamp: string | undefined,
  nowMs: number,
  format = WHOLE_SECONDS,
): void {
  if (timestamp === undefined) throw stsError('MissingTimestamp');
  const timeMs = format.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(timeMs)) throw stsError('InvalidTimeStamp.Format');
  if (Math.abs(nowMs - timeMs) > CLOCK_TOLERANCE_MS) throw stsError('InvalidTimeStamp.Expired');
}

const READERS: Readonly<Record<SignatureScheme, (request: StsRequest) => SignedRequest>> = {
  acs3: readAcs3Signature,
  rpc: readRpcSignature,
  anonymous: () => {
    throw stsError('MissingAccessKeyId');
  },
};

function checkSecurityToken(
  cloud: SimulatedCloud,
  identity: Identity,
  securityToken: string | undefined,
): void {
  if (securityToken === identity.securityToken) {
    const isExpired = identity.expiresAtMs !== undefined && identity.expiresAtMs <= cloud.now();
    if (isExpired) throw stsError('InvalidSecurityToken.Expired');
    return;
  }
  if (securityToken === undefined || securityToken === '') throw stsError('MissingSecurityToken');
  for (const other of cloud.identities.values()) {
    if (other.securityToken === securityToken) {
      throw stsError('InvalidSecurityToken.MismatchWithAccessKey');
    }
  }
  throw stsError('InvalidSecurityToken.Malformed');
}

/** A request is valid from 15 minutes before its time stamp to 15 minutes after, so a nonce is kept for 30. */
function createNonceMemory(options: {
  readonly cloud: SimulatedCloud;
  readonly nonceCapacity: number;
}): (nonce: string) => void {
  const spentAtMs = new Map<string, number>();

  return function spendNonce(nonce) {
    const nowMs = options.cloud.now();
    for (const [oldest, atMs] of spentAtMs) {
      const isOutdated = nowMs - atMs > 2 * CLOCK_TOLERANCE_MS;
      if (!isOutdated && spentAtMs.size < options.nonceCapacity) break;
      spentAtMs.delete(oldest);
    }
    if (spentAtMs.has(nonce)) throw stsError('SignatureNonceUsed');
    spentAtMs.set(nonce, nowMs);
  };
}
