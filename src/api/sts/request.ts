/** Reads the parameters of AssumeRoleWithOIDC. */
import type { StsSurfaceSettings } from '../../config/config.ts';
import type { CredentialRequest, Requested } from '../../ports.ts';
import { refuse } from '../../refusal.ts';
import { parseAskedPolicy } from '../../session-policy/parse-asked-policy.ts';
import { describeMembers } from '../http/describe-members.ts';
import { type Form, readOnce } from '../http/form.ts';
import { malformed, readDuration, toRequest } from '../http/request-members.ts';
import { readRequired, requireKnown } from './parameters.ts';

export const VERSION = '2015-04-01';
const ACTION = 'AssumeRoleWithOIDC';

/** STS takes this duration if none is sent, and every SDK sends it if nobody chose another. */
const USUAL_DURATION_SECONDS = 3600;

/** The problem of a policy that is longer than STS takes. */
export const POLICY_TOO_LARGE = 'Policy is too large';

/** A role, or a grant's alias, which has the form of a role. */
const ROLE_ARN = /^acs:ram::\d{5,20}:role\/[A-Za-z0-9.@_-]{1,64}$/;
const ROLE_SESSION_NAME = /^[A-Za-z0-9.@_-]{2,64}$/;

/** The parameters that ask for something, and their names in the audit line. */
const AUDITED_AS: ReadonlyMap<string, keyof Requested> = new Map([
  ['RoleArn', 'roleArn'],
  ['DurationSeconds', 'duration'],
  ['RoleSessionName', 'roleSessionName'],
  ['Policy', 'policy'],
]);

/**
 * Reads the subject token, and looks at nothing else but version and action: a request of another
 * kind has no subject token. Throws `request_malformed` and `token_missing`.
 */
export function readSubjectToken(sent: Form): string {
  if (readOnce(sent, 'Version') !== VERSION) {
    throw malformed('Version is missing or another API', 'Version');
  }
  if (readOnce(sent, 'Action') !== ACTION) {
    throw malformed('Action is missing or not supported', 'Action');
  }
  const token = readOnce(sent, 'OIDCToken');
  if (token === undefined || token === '') throw refuse({ reason: 'token_missing' });
  return token;
}

/** What a request asks for, for the audit line. */
export function describeRequested(sent: Form): Requested {
  return describeMembers(sent, AUDITED_AS);
}

/**
 * Checks the parameters. `RoleSessionName` must have the form that STS wants, and decides nothing: the
 * broker's own says whose the session is. Throws `request_malformed`.
 */
export function readParameters(sent: Form, settings: StsSurfaceSettings): CredentialRequest {
  requireKnown(sent);
  const format = readOnce(sent, 'Format');
  if (format !== undefined && !/^(?:json|xml)$/i.test(format)) {
    throw malformed('Format is neither JSON nor XML', 'Format');
  }
  const { oidcProviderArn } = settings;
  if (oidcProviderArn !== undefined && readRequired(sent, 'OIDCProviderArn') !== oidcProviderArn) {
    throw malformed('OIDCProviderArn is not the configured one', 'OIDCProviderArn');
  }
  const roleArn = readRequired(sent, 'RoleArn');
  if (!ROLE_ARN.test(roleArn)) throw malformed('RoleArn is no ARN of a role', 'RoleArn');
  if (!ROLE_SESSION_NAME.test(readRequired(sent, 'RoleSessionName'))) {
    throw malformed('RoleSessionName is malformed', 'RoleSessionName');
  }
  return toRequest({
    roleArn,
    ...readDurations(readOnce(sent, 'DurationSeconds')),
    policy: readPolicy(readOnce(sent, 'Policy')),
  });
}

function readPolicy(text: string | undefined): CredentialRequest['policy'] {
  if (text === undefined) return undefined;
  const policy = parseAskedPolicy(text);
  if (policy.ok) return policy.allowances;
  throw malformed(policy.isTooLarge ? POLICY_TOO_LARGE : policy.problem, 'Policy');
}

function readDurations(
  text: string | undefined,
): Pick<CredentialRequest, 'durationSeconds' | 'usualDurationSeconds'> {
  const isNumber = text !== undefined && /^\d{1,6}$/.test(text);
  const seconds = readDuration(isNumber ? Number(text) : text, 'DurationSeconds');
  return seconds === undefined || seconds === USUAL_DURATION_SECONDS
    ? { usualDurationSeconds: USUAL_DURATION_SECONDS }
    : { durationSeconds: seconds };
}
