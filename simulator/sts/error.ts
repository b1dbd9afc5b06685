/** The errors of the simulated STS: code, HTTP status and message. */

/**
 * STS documents its codes and messages: https://www.alibabacloud.com/help/en/ram/api-assumerole. The
 * gateway in front of it has no complete list; its statuses here are those that clients commonly see.
 */
const ERRORS = {
  // the gateway
  MissingAccessKeyId: { status: 400, message: 'AccessKeyId is mandatory for this action.' },
  MissingSignatureNonce: { status: 400, message: 'SignatureNonce is mandatory for this action.' },
  MissingTimestamp: { status: 400, message: 'Timestamp is mandatory for this action.' },
  MissingSecurityToken: { status: 400, message: 'SecurityToken is mandatory for this action.' },
  IncompleteSignature: {
    status: 400,
    message: 'The request signature does not conform to Aliyun standards.',
  },
  SignatureDoesNotMatch: {
    status: 400,
    message: 'Specified signature is not matched with our calculation.',
  },
  SignatureNonceUsed: {
    status: 400,
    message: 'Specified signature nonce was used already.',
  },
  'InvalidTimeStamp.Format': {
    status: 400,
    message: 'Specified time stamp or date value is not well formatted.',
  },
  'InvalidTimeStamp.Expired': {
    status: 400,
    message: 'Specified time stamp or date value is expired.',
  },
  'InvalidAccessKeyId.NotFound': { status: 404, message: 'Specified access key is not found.' },
  'InvalidSecurityToken.Malformed': {
    status: 400,
    message: 'Specified SecurityToken is malformed.',
  },
  'InvalidSecurityToken.Expired': { status: 400, message: 'Specified SecurityToken is expired.' },
  'InvalidSecurityToken.MismatchWithAccessKey': {
    status: 400,
    message: 'Specified SecurityToken mismatch with the AccessKey.',
  },
  'InvalidAction.NotFound': {
    status: 404,
    message: 'Specified api is not found, please check your url and method.',
  },
  InvalidVersion: { status: 400, message: 'Specified parameter Version is not valid.' },
  InvalidParameter: { status: 400, message: 'A parameter is not valid.' },
  'Throttling.User': { status: 400, message: 'Request was denied due to user flow control.' },
  ServiceUnavailable: {
    status: 503,
    message: 'The request has failed due to a temporary failure of the server.',
  },
  InternalError: {
    status: 500,
    message: 'The request processing has failed due to some unknown error, exception or failure.',
  },
  // STS itself
  MissingRoleArn: { status: 400, message: 'RoleArn is mandatory for this action.' },
  MissingRoleSessionName: { status: 400, message: 'RoleSessionName is mandatory for this action.' },
  MissingOIDCProviderArn: { status: 400, message: 'OIDCProviderArn is mandatory for this action.' },
  MissingOIDCToken: { status: 400, message: 'OIDCToken is mandatory for this action.' },
  'InvalidParameter.ContentType': {
    status: 400,
    message: 'The content type must be application/json or application/x-www-form-urlencoded.',
  },
  'InvalidParameter.RoleArn': {
    status: 400,
    message: 'The parameter RoleArn is wrongly formed.',
  },
  'InvalidParameter.RoleSessionName': {
    status: 400,
    message: 'The parameter RoleSessionName is wrongly formed.',
  },
  'InvalidParameter.DurationSeconds': {
    status: 400,
    message: 'The Min/Max value of DurationSeconds is 15min/1hr.',
  },
  'InvalidParameter.ExternalId': {
    status: 400,
    message: 'The parameter ExternalId is wrongly formed.',
  },
  'InvalidParameter.SourceIdentity': {
    status: 400,
    message: 'The parameter SourceIdentity is wrongly formed.',
  },
  'InvalidParameter.PolicyGrammar': {
    status: 400,
    message: 'The parameter Policy has not passed grammar check.',
  },
  'InvalidParameter.PolicySize': {
    status: 400,
    message: 'The size of Policy must be smaller than 2048 bytes.',
  },
  'InvalidParameter.OIDCProviderArn': {
    status: 400,
    message: 'The parameter OIDCProviderArn is wrongly formed.',
  },
  'InvalidParameter.OIDCToken': {
    status: 400,
    message: 'The parameter OIDCToken is wrongly formed.',
  },
  'AuthenticationFail.OIDCToken.Invalid': {
    status: 400,
    message: 'This JWT is invalid.',
  },
  'AuthenticationFail.OIDCToken.Expired': {
    status: 400,
    message: 'This JWT has expired.',
  },
  NoPermission: {
    status: 403,
    message: 'You are not authorized to do this action. You should be authorized by RAM.',
  },
  'EntityNotExist.Role': { status: 404, message: 'The specified Role not exists .' },
  'EntityNotExist.OIDCProvider': {
    status: 404,
    message: 'The specified OIDC Provider not exists.',
  },
} as const satisfies Readonly<Record<string, { status: number; message: string }>>;

export type StsErrorCode = keyof typeof ERRORS;

/** A refusal by the simulated STS, before it is rendered. */
export class StsError extends Error {
  override readonly name = 'StsError';
  readonly code: StsErrorCode;
  readonly status: number;

  constructor(code: StsErrorCode, message: string) {
    super(message);
    this.code = code;
    this.status = ERRORS[code].status;
  }
}

/** Makes the error for a code. `message` replaces the usual message. */
export function stsError(code: StsErrorCode, message?: string): StsError {
  return new StsError(code, message ?? ERRORS[code].message);
}
