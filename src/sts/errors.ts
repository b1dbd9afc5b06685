/** Turns errors of STS and its SDK into refusals, with a hint for the operator. */
import type { AssumeRoleRequest } from '../ports.ts';
import type { Refusal } from '../refusal.ts';

/** The part of a request that hints mention. */
type RequestedRole = Pick<AssumeRoleRequest, 'roleArn' | 'durationSeconds'>;

/**
 * Turns whatever the SDK threw into a refusal. The refusal repeats only the error's code, status and
 * request ID. The message is used to choose a hint and is never repeated: it can contain the request.
 */
export function refusalForStsError(error: unknown, asked: RequestedRole): Refusal {
  const { name, code, statusCode, message, requestId, retryAfter } = readError(error);
  if (code.includes('Throttling')) {
    return { reason: 'sts_throttled', retryAfterSeconds: toRetryAfterSeconds(retryAfter) };
  }
  if (isSourceCredentialsCode(code)) {
    const problem = `STS answered ${code}: ${hintForSourceCredentials(code)}`;
    return { reason: 'source_credentials_unavailable', problem };
  }
  if (code === 'InternalError' || code === 'ServiceUnavailable' || (statusCode ?? 0) >= 500) {
    return unavailable(`STS answered ${code === '' ? statusCode : code}`);
  }
  if (statusCode !== undefined && code !== '') {
    return {
      reason: 'sts_refused',
      stsCode: code,
      hint: hintFor(code, message, asked),
      ...(requestId === undefined ? {} : { stsRequestId: requestId }),
    };
  }
  // an HTML page: the SDK cannot parse it, and drops the status that would show who sent it
  if (name === 'SyntaxError') {
    return unavailable(
      'the answer is not JSON: STS throttled with a redirect, or a proxy answered instead of STS',
    );
  }
  if (name === 'RequestTimeoutError') return unavailable('the connection timed out');
  return unavailable(/^E[A-Z_]+$/.test(code) ? `the connection failed (${code})` : 'no connection');
}

/**
 * Whether STS closed the connection instead of answering. It closes idle connections, and the next
 * request may already be on its way (https://nodejs.org/api/http.html#requestreusedsocket). A
 * function that was frozen finds all of its connections closed.
 */
export function isConnectionClosed(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(readError(error).code);
}

/** Whether STS says by this code that it does not know or no longer accepts the source credentials. */
export function isSourceCredentialsCode(code: string): boolean {
  return (
    code.startsWith('InvalidAccessKeyId') ||
    code.startsWith('InvalidSecurityToken') ||
    code === 'MissingSecurityToken' ||
    code === 'SignatureDoesNotMatch'
  );
}

/** Says what is probably wrong with the source credentials. */
function hintForSourceCredentials(code: string): string {
  switch (code) {
    case 'InvalidAccessKeyId.NotFound':
      return 'the AccessKey does not exist; it was deleted or mistyped, or its session ended long ago';
    case 'InvalidAccessKeyId.Inactive':
      return 'the AccessKey is disabled; enable it, or use another one';
    case 'SignatureDoesNotMatch':
      return 'the AccessKeySecret does not belong to the AccessKeyId; RAM shows a secret only once, so create a new AccessKey if it is lost';
    case 'InvalidSecurityToken.Expired':
      return 'the source credentials have expired; renew them';
    default:
      return 'the AccessKeyId, AccessKeySecret and SecurityToken do not belong together; take all three from the same answer of STS';
  }
}

function hintFor(
  code: string,
  message: string,
  { roleArn, durationSeconds }: RequestedRole,
): string {
  const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  switch (code) {
    case 'NoPermission':
      return hintForNoPermission(message, roleArn, roleName);
    case 'EntityNotExist.Role':
      return `the role ${roleArn} does not exist: correct "role" in the grant, or create the role (aliyun ram CreateRole --RoleName ${roleName} ...)`;
    case 'InvalidParameter.DurationSeconds':
      return `the role does not allow ${durationSeconds} s: lower the grant's duration, or run: aliyun ram UpdateRole --RoleName ${roleName} --NewMaxSessionDuration ${durationSeconds}`;
    case 'InvalidParameter.ExternalId':
      return `STS does not accept the grant's externalId: correct it`;
    case 'InvalidTimeStamp.Expired':
      return `the broker's clock is more than 15 minutes off: synchronise it by NTP`;
    default:
      return `see https://www.alibabacloud.com/help/en/ram/api-assumerole for ${code}`;
  }
}

/** NoPermission has two possible causes: the source identity's own policy, and the role's trust policy. */
function hintForNoPermission(message: string, roleArn: string, roleName: string): string {
  if (message.includes('root accounts')) {
    return 'the source credentials belong to the Alibaba Cloud account itself, which may not assume roles: use a RAM user or a RAM role';
  }
  const ownSide = `allow the source identity sts:AssumeRole on ${roleArn}`;
  const trustSide = `name the source identity in the trust policy of the role (see: aliyun ram GetRole --RoleName ${roleName}), and compare the external ID`;
  if (message.includes('authorized by RAM')) {
    return `the source identity's own side is missing: ${ownSide} (aliyun ram AttachPolicyToUser or AttachPolicyToRole)`;
  }
  return `one side of the trust is missing: ${ownSide}, and ${trustSide}`;
}

function unavailable(problem: string): Refusal {
  return { reason: 'sts_unavailable', problem, retryAfterSeconds: 1 };
}

/** Converts the milliseconds that the SDK reads from `x-acs-retry-after` to whole seconds from 1 to 60. */
function toRetryAfterSeconds(retryAfterMs: number | undefined): number {
  return Math.min(60, Math.max(1, Math.ceil((retryAfterMs ?? 0) / 1000)));
}

function readError(error: unknown) {
  const member = (name: string): unknown =>
    typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  const text = (name: string) => {
    const value = member(name);
    return typeof value === 'string' ? value : '';
  };
  const number = (name: string) => {
    const value = member(name);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  };
  return {
    name: text('name'),
    // codes of STS consist of letters, digits, dots and underscores; anything else is never repeated
    code: /^[A-Za-z0-9_.]{1,100}$/.test(text('code')) ? text('code') : '',
    message: text('message'),
    statusCode: number('statusCode'),
    retryAfter: number('retryAfter'),
    requestId: isStsRequestId(text('requestId')) ? text('requestId') : undefined,
  };
}

/** Whether the value has the form of an STS request ID. Others stay out of the audit log: they could contain what was sent. */
export function isStsRequestId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(value);
}
