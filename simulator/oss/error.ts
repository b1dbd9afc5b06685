/** The errors of OSS, with their codes and the EC numbers of their documentation pages. */

interface ErrorKind {
  readonly status: number;
  readonly ec: string;
  readonly message: string;
  /** Present if several kinds share a code. */
  readonly code?: string;
  /** What was refused, if the documentation shows that the answer names it. */
  readonly argument?: { readonly name: string; readonly value: string };
}

/** An unsuccessful answer: thrown anywhere, rendered by the server. */
export class OssError extends Error {
  override readonly name = 'OssError';
  readonly code: string;
  readonly status: number;
  readonly ec: string;
  readonly argument: ErrorKind['argument'];
  /** The endpoint to use instead. */
  readonly endpoint: string | undefined;

  constructor(code: string, details: Omit<ErrorKind, 'code'> & { readonly endpoint?: string }) {
    super(details.message);
    this.endpoint = details.endpoint;
    this.code = code;
    this.status = details.status;
    this.ec = details.ec;
    this.argument = details.argument;
  }
}

const kind = (status: number, ec: string, message: string, code?: string): ErrorKind =>
  code === undefined ? { status, ec, message } : { status, ec, message, code };

const NO_RIGHT = 'You have no right to access this object.';

/**
 * ECs 0002-00000002, -06, -07, -40, -69, -226, -504, -710, -902, 0003-00000201, -301, 0006-00000220,
 * 0015-00000101, 0016-00000501, -606, 0026-00000001, -12, -16 and -17 are documented by the vendor; the
 * others are plausible guesses.
 * https://www.alibabacloud.com/help/en/oss/support/0003-00000301 and similar pages
 */
const ERRORS = {
  AccessDenied: kind(
    403,
    '0003-00000001',
    'You have no right to access this object because of bucket acl.',
  ),
  DeniedByPolicy: kind(403, '0003-00000201', NO_RIGHT, 'AccessDenied'),
  DeniedBySessionPolicy: kind(403, '0003-00000301', NO_RIGHT, 'AccessDenied'),
  NoCorsRule: kind(403, '0003-00000001', 'CORSResponse: no rule matches.', 'AccessForbidden'),
  NoSuchCORSConfiguration: kind(404, '0044-00000001', 'The CORS Configuration does not exist.'),
  SignatureDoesNotMatch: kind(
    403,
    '0002-00000040',
    'The request signature we calculated does not match the signature you provided.',
  ),
  InvalidAccessKeyId: kind(
    403,
    '0002-00000902',
    'The OSS Access Key Id you provided does not exist in our records.',
  ),
  UnknownSession: kind(
    403,
    '0002-00000002',
    'The OSS Access Key Id you provided is not of the security token.',
    'InvalidAccessKeyId',
  ),
  InvalidSecurityToken: kind(403, '0002-00000006', 'The security token you provided is invalid.'),
  SecurityTokenExpired: kind(403, '0002-00000007', 'The security token you provided has expired.'),
  RequestTimeTooSkewed: kind(
    403,
    '0002-00000504',
    'The difference between the request time and the current time is too large.',
  ),
  RequestExpired: kind(403, '0002-00000069', 'Request has expired.', 'AccessDenied'),
  WrongRegion: kind(400, '0002-00000226', 'Invalid signing region.', 'InvalidArgument'),
  InvalidCredential: kind(400, '0002-00000710', 'Invalid credential.', 'InvalidArgument'),
  InvalidAuthorization: kind(
    400,
    '0002-00000101',
    'Unsupported Authorization type.',
    'InvalidArgument',
  ),
  InvalidArgument: kind(400, '0017-00000102', 'An argument of the request is not valid.'),
  InvalidObjectName: kind(400, '0017-00000703', 'The specified object is not valid.'),
  PolicyViolated: kind(403, '0007-00000106', 'Invalid according to Policy.', 'AccessDenied'),
  InvalidPolicyDocument: kind(400, '0006-00000220', 'The policy of the form cannot be read.'),
  MalformedPOSTRequest: kind(
    400,
    '0007-00000001',
    'The body of your POST request is not well-formed multipart/form-data.',
  ),
  InvalidDigest: kind(
    400,
    '0017-00000501',
    'The Content-MD5 you specified did not match what was received.',
  ),
  MalformedXML: kind(400, '0017-00000302', 'The XML you provided was not well-formed.'),
  EntityTooLarge: kind(
    400,
    '0016-00000112',
    'Your proposed upload exceeds the maximum allowed size.',
  ),
  EntityTooSmall: kind(
    400,
    '0016-00000111',
    'Your proposed upload is smaller than the minimum allowed size.',
  ),
  InvalidTargetType: kind(
    400,
    '0026-00000021',
    'The destination of the symbolic link is a symbolic link too.',
  ),
  NotSymlink: kind(400, '0026-00000011', 'The object is not a symbolic link.'),
  MissingPosition: kind(
    400,
    '0016-00000501',
    'Missing some required arguments: position.',
    'MissingArgument',
  ),
  InvalidPart: kind(400, '0042-00000204', 'One or more of the parts could not be found.'),
  InvalidPartOrder: kind(400, '0042-00000205', 'The parts are not in ascending order.'),
  MissingDigest: kind(400, '0016-00000606', 'Missing Some Required Arguments.', 'MissingArgument'),
  SecondLevelDomainForbidden: kind(
    403,
    '0003-00000901',
    'The bucket you are attempting to access must be addressed using OSS third level domain.',
  ),
  NoSuchBucket: kind(404, '0015-00000101', 'The specified bucket does not exist.'),
  NoSuchKey: kind(404, '0026-00000001', 'The specified key does not exist.'),
  SymlinkTargetNotExist: kind(
    404,
    '0026-00000012',
    'The object that the symbolic link points to does not exist.',
  ),
  NoSuchVersion: kind(404, '0026-00000002', 'The specified version does not exist.'),
  NoSuchUpload: kind(404, '0042-00000002', 'The specified upload does not exist.'),
  MethodNotAllowed: kind(405, '0017-00000201', 'The method is not allowed against this resource.'),
  FileAlreadyExists: kind(
    409,
    '0026-00000013',
    'The object you specified already exists and can not be overwritten.',
  ),
  PositionNotEqualToLength: kind(
    409,
    '0026-00000016',
    'Position is not equal to the length of the object.',
  ),
  ObjectNotAppendable: kind(409, '0026-00000017', 'The object is not appendable.'),
  PreconditionFailed: kind(
    412,
    '0026-00000206',
    'At least one of the pre-conditions you specified did not hold.',
  ),
  NotImplemented: kind(501, '0017-00000999', 'The simulator does not know this operation.'),
} as const satisfies Readonly<Record<string, ErrorKind>>;

/**
 * What the endpoint of one region answers for a bucket of another. The code is documented; whether the
 * answer has an EC, and which, is not.
 * https://www.alibabacloud.com/help/en/oss/user-guide/http-403-error-code
 */
export function wrongEndpoint(endpoint: string): OssError {
  const message =
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.';
  return new OssError('AccessDenied', { status: 403, ec: '0003-00001403', message, endpoint });
}

export type OssErrorKind = keyof typeof ERRORS;

/** Makes the error of a kind. `message` replaces the usual message. */
export function ossError(name: OssErrorKind, message?: string): OssError {
  const { code = name, status, ec, message: usual }: ErrorKind = ERRORS[name];
  return new OssError(code, { status, ec, message: message ?? usual });
}
