/** Reads the ACS3-HMAC-SHA256 signature, which current Alibaba Cloud SDKs put into the Authorization header. */
import { createHash, createHmac } from 'node:crypto';
import { stsError } from './error.ts';
import type { SignedRequest, StsRequest } from './request.ts';
import { canonicalParameters } from './rpc-signature.ts';

const AUTHORIZATION =
  /^ACS3-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})$/;

/**
 * Reads the signature of a request, and verifies only that the body has the signed digest. Throws
 * StsError if the header is not an ACS3 signature or does not cover a header that it must cover.
 * https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */
export function readAcs3Signature(request: StsRequest): SignedRequest {
  const match = AUTHORIZATION.exec(request.headers.get('authorization') ?? '');
  const [, accessKeyId, signedHeaders, signature] = match ?? [];
  if (accessKeyId === undefined || signedHeaders === undefined || signature === undefined) {
    throw stsError('IncompleteSignature');
  }
  const signed = signedHeaders.split(';');
  requireCoverage(request, signed);
  const digest = createHash('sha256').update(request.body).digest('hex');
  if (request.headers.get('x-acs-content-sha256') !== digest) {
    throw stsError('SignatureDoesNotMatch', 'x-acs-content-sha256 is not the digest of the body.');
  }
  const canonicalRequest = [
    request.method,
    request.path,
    canonicalParameters(request.query),
    ...signed.map((name) => `${name}:${(request.headers.get(name) ?? '').trim()}`),
    '',
    signedHeaders,
    digest,
  ].join('\n');
  const stringToSign = `ACS3-HMAC-SHA256\n${createHash('sha256').update(canonicalRequest).digest('hex')}`;
  return {
    accessKeyId,
    securityToken: request.headers.get('x-acs-security-token'),
    timestamp: request.headers.get('x-acs-date'),
    nonce: request.headers.get('x-acs-signature-nonce'),
    stringToSign,
    isSignedWith: (secret) =>
      createHmac('sha256', secret).update(stringToSign).digest('hex') === signature,
  };
}

/** Every meaningful header must be signed, or somebody could change it in transit. */
function requireCoverage(request: StsRequest, signed: readonly string[]): void {
  const meaningful = [...request.headers.keys()].filter(
    (name) => name === 'host' || name === 'content-type' || name.startsWith('x-acs-'),
  );
  const isSorted = [...signed].sort().join(';') === signed.join(';');
  const isCovered = meaningful.every((name) => signed.includes(name));
  if (!isSorted || !isCovered) {
    throw stsError('SignatureDoesNotMatch', 'SignedHeaders must be sorted and name every header.');
  }
}
