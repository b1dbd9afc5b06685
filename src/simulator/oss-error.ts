/** The errors of OSS, with the codes and the EC numbers that lead to their pages in its documentation. */

/** An answer other than success; thrown by whatever finds it, rendered by the server. */
export class OssError extends Error {
  override readonly name = 'OssError';
  readonly code: string;
  readonly status: number;
  readonly ec: string;

  constructor(code: string, details: { status: number; ec: string; message: string }) {
    super(details.message);
    this.code = code;
    this.status = details.status;
    this.ec = details.ec;
  }
}

const ERRORS: Readonly<Record<string, readonly [status: number, ec: string, message: string]>> = {
  AccessDenied: [
    403,
    '0003-00000001',
    'You have no right to access this object because of bucket acl.',
  ],
  SignatureDoesNotMatch: [
    403,
    '0002-00000040',
    'The request signature we calculated does not match the signature you provided.',
  ],
  InvalidAccessKeyId: [
    403,
    '0002-00000902',
    'The OSS Access Key Id you provided does not exist in our records.',
  ],
  SecurityTokenExpired: [403, '0002-00000069', 'The security token you provided has expired.'],
  InvalidSecurityToken: [403, '0002-00000065', 'The security token you provided is invalid.'],
  RequestTimeTooSkewed: [
    403,
    '0002-00000504',
    'The difference between the request time and the current time is too large.',
  ],
  RequestExpired: [403, '0002-00000069', 'Request has expired.'],
  InvalidArgument: [400, '0017-00000102', 'An argument of the request is not valid.'],
  InvalidPolicyDocument: [
    400,
    '0014-00000002',
    'The policy of the form does not allow this upload.',
  ],
  InvalidDigest: [
    400,
    '0017-00000501',
    'The Content-MD5 you specified did not match what was received.',
  ],
  MalformedXML: [400, '0017-00000302', 'The XML you provided was not well-formed.'],
  EntityTooLarge: [400, '0016-00000112', 'Your upload exceeds the largest size that is allowed.'],
  InvalidPart: [400, '0042-00000002', 'One or more of the parts could not be found.'],
  NoSuchBucket: [404, '0015-00000101', 'The specified bucket does not exist.'],
  NoSuchKey: [404, '0026-00000001', 'The specified key does not exist.'],
  NoSuchUpload: [404, '0042-00000002', 'The specified upload does not exist.'],
  MethodNotAllowed: [405, '0017-00000201', 'The method is not allowed against this resource.'],
  NotImplemented: [501, '0017-00000999', 'The simulator does not know this operation.'],
};

/** Makes the error of a code, with its usual sentence unless another is given. */
export function ossError(code: string, message?: string): OssError {
  const [status, ec, usual] = ERRORS[code] ?? [500, '0000-00000000', 'Internal error.'];
  return new OssError(code, { status, ec, message: message ?? usual });
}
