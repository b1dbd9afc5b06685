/** Reads the older RPC signature, version 1.0: HMAC-SHA1 over all parameters, sent as a parameter. */
import { createHmac } from 'node:crypto';
import { stsError } from './error.ts';
import { parameterOf, type SignedRequest, type StsRequest } from './request.ts';

/**
 * Reads the signature of a request without verifying it. Throws StsError if a part is missing.
 * https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism
 */
export function readRpcSignature(request: StsRequest): SignedRequest {
  const signature = parameterOf(request, 'Signature');
  const accessKeyId = parameterOf(request, 'AccessKeyId');
  if (accessKeyId === undefined) throw stsError('MissingAccessKeyId');
  const isVersion1 =
    parameterOf(request, 'SignatureMethod') === 'HMAC-SHA1' &&
    parameterOf(request, 'SignatureVersion') === '1.0';
  if (!isVersion1) throw stsError('IncompleteSignature');

  const signed = new Map([...request.query, ...request.form]);
  signed.delete('Signature');
  const stringToSign = [request.method, '/', canonicalParameters(signed)].map(encode).join('&');
  return {
    accessKeyId,
    securityToken: parameterOf(request, 'SecurityToken'),
    timestamp: parameterOf(request, 'Timestamp'),
    nonce: parameterOf(request, 'SignatureNonce'),
    stringToSign,
    isSignedWith: (secret) =>
      createHmac('sha1', `${secret}&`).update(stringToSign).digest('base64') === signature,
  };
}

/** Sorts by name, percent-encodes (RFC 3986, section 2.3) and joins the parameters as a query. */
export function canonicalParameters(parameters: ReadonlyMap<string, string>): string {
  return [...parameters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
}

/** encodeURIComponent does not encode !'()*, which RFC 3986 reserves. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
