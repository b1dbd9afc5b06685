/** The errors that only the S3 side of OSS gives, and the EC numbers that it has for errors of both sides. */
import { OssError } from './error.ts';

/**
 * ECs 0002-00000402, -04, -05, -07, -09, -17, -18, -19, -20, -23, -27, -29, -501 and 0017-00000804 are documented by
 * the vendor, the others are plausible guesses. Of the codes, statuses and messages, only those of
 * `AwsChunked` are documented; clients report those of the two `…NotImplemented`. The rest are
 * assumptions of the simulator.
 * https://www.alibabacloud.com/help/en/oss/user-guide/0017-00000804 and similar pages
 */
const ERRORS = {
  UnknownAlgorithm: ['0002-00000402', 'The only known algorithm is AWS4-HMAC-SHA256.'],
  IncompleteCredential: ['0002-00000404', 'The credential is incomplete or of another service.'],
  NoSignedHeaders: ['0002-00000405', 'The signed headers are missing.'],
  HostNotSigned: ['0002-00000420', 'The header host must be signed.'],
  MalformedSignature: ['0002-00000423', 'The signature is missing or has not 64 hex digits.'],
  OtherDay: ['0002-00000409', 'The credential is of another day than the request.'],
  InvalidExpires: ['0002-00000417', 'X-Amz-Expires is not between 1 and 604800.'],
  TwoSignatures: ['0002-00000499', 'The request has a signature in a header and in the query.'],
  InvalidContentHash: ['0002-00000427', 'The value of x-amz-content-sha256 is invalid.'],
} as const satisfies Readonly<Record<string, readonly [ec: string, message: string]>>;

/** Makes the error of a malformed signature. */
export function s3Error(name: keyof typeof ERRORS): OssError {
  const [ec, message] = ERRORS[name];
  return new OssError('InvalidArgument', { status: 400, ec, message });
}

/** The body is not what was signed; the code is that of S3. */
export function contentHashMismatch(): OssError {
  return new OssError('XAmzContentSHA256Mismatch', {
    status: 400,
    ec: '0002-00000427',
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
  });
}

/** As S3: a header that the signature does not cover could be anybody's. */
export function headersNotSigned(): OssError {
  return new OssError('AccessDenied', {
    status: 403,
    ec: '0002-00000498',
    message: 'There were headers present in the request which were not signed.',
  });
}

/** `Content-Encoding: aws-chunked` with a hash that does not announce it. */
export function awsChunked(): OssError {
  return new OssError('InvalidArgument', {
    status: 400,
    ec: '0017-00000804',
    message: 'aws-chunked encoding is not supported with the specified x-amz-content-sha256 value.',
    argument: { name: 'Content-Encoding', value: 'aws-chunked' },
  });
}

/** A hash that announces chunks, such as `STREAMING-UNSIGNED-PAYLOAD-TRAILER`. */
export function streamingNotImplemented(contentHash: string): OssError {
  const message = `Aws MultiChunkedEncoding ${contentHash} is not supported.`;
  return new OssError('NotImplemented', { status: 400, ec: '0017-00000899', message });
}

/** A header of S3 that OSS does not have, such as `If-None-Match` on an upload. */
export function headerNotImplemented(): OssError {
  const message = 'A header you provided implies functionality that is not implemented.';
  return new OssError('NotImplemented', { status: 400, ec: '0017-00000898', message });
}

/** The ECs of the S3 side by those of the other: signature, expiry of a URL, clock. */
const ECS: ReadonlyMap<string, string> = new Map([
  ['0002-00000040', '0002-00000429'],
  ['0002-00000069', '0002-00000418'],
  ['0002-00000504', '0002-00000501'],
]);

/** The same error as the S3 side gives it. */
export function toS3Error({ code, status, message, ec, argument }: OssError): OssError {
  const known = argument === undefined ? {} : { argument };
  return new OssError(code, { status, message, ec: ECS.get(ec) ?? ec, ...known });
}
