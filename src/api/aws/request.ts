/** Reads what a request asks for, in the form of AWS STS and in that of container credentials. */
import type { CredentialRequest, Requested } from '../../ports.ts';
import { refuse } from '../../refusal.ts';
import { describeMembers } from '../http/describe-members.ts';
import { type Form, readOnce } from '../http/form.ts';
import {
  malformed,
  readDuration,
  readPermissions,
  readText,
  toLogged,
  toRequest,
} from '../http/request-members.ts';
import { VERSION } from './addresses.ts';

const ACTION = 'AssumeRoleWithWebIdentity';

/**
 * The parameters of AWS that are read. `Policy`, `PolicyArns` and `ProviderId` are not: to ignore a
 * narrowing would widen the credential, and a `ProviderId` stands for tokens that are no JWT.
 */
const STS_PARAMETERS: ReadonlySet<string> = new Set([
  'Action',
  'Version',
  'RoleArn',
  'RoleSessionName',
  'WebIdentityToken',
  'DurationSeconds',
]);

/** The members of a query for container credentials, and their names in the audit line. */
const AUDITED_AS: ReadonlyMap<string, keyof Requested> = new Map([
  ['Grant', 'grant'],
  ['RoleArn', 'roleArn'],
  ['Target', 'target'],
  ['Permissions', 'permissions'],
  ['DurationSeconds', 'duration'],
]);

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
const ROLE_SESSION_NAME = /^[\w+=,.@-]{2,64}$/;

/**
 * AWS's SDKs send the token as it is. The scheme of RFC 6750 section 2.1 may precede it; its name is
 * case-insensitive (RFC 9110 section 11.1).
 */
const AUTHORIZATION = /^(?:bearer +)?([A-Za-z0-9._~+/=-]+) *$/i;

/** Some tools accept only role ARNs with this beginning. */
const OF_AWS = /^arn:aws:iam::/;

/**
 * Reads the subject token, and looks at nothing else but action and version: a request of another kind
 * has no subject token. Throws `request_malformed` and `token_missing`.
 */
export function readWebIdentityToken(form: Form): string {
  const expected = { Action: ACTION, Version: VERSION };
  for (const [name, value] of Object.entries(expected)) {
    if (readOnce(form, name) !== value) throw malformed(`${name} is not ${value}`, name);
  }
  // SDKs send what is in the file, and `echo` ends a file with a line break
  const token = readOnce(form, 'WebIdentityToken')?.replace(/\r?\n$/, '');
  if (token === undefined || token === '') throw refuse({ reason: 'token_missing' });
  return token;
}

/** Reads the token of `AWS_CONTAINER_AUTHORIZATION_TOKEN`. Throws `token_missing` and `token_malformed`. */
export function readContainerToken(authorization: string | undefined): string {
  if (authorization === undefined) throw refuse({ reason: 'token_missing' });
  const token = AUTHORIZATION.exec(authorization)?.[1];
  if (token !== undefined) return token;
  throw refuse({ reason: 'token_malformed', problem: 'the Authorization header is no JWT' });
}

/** What a request asks for, for the audit line. */
export function describeRequested(sent: Form): Requested {
  return describeMembers(sent, AUDITED_AS);
}

/** Checks the parameters of AWS STS. Throws `request_malformed`. */
export function readParameters(form: Form): CredentialRequest {
  const sent = toMembers(form, (name) => STS_PARAMETERS.has(name));
  const sessionName = sent.get('RoleSessionName');
  // it is AWS's to choose the name; here it is the broker's, so that nobody can pass for another
  if (sessionName !== undefined && !ROLE_SESSION_NAME.test(sessionName)) {
    throw malformed('RoleSessionName has an invalid form', 'RoleSessionName');
  }
  return toRequest({
    grant: undefined,
    roleArn: readRoleArn(sent.get('RoleArn')),
    target: undefined,
    permissions: undefined,
    durationSeconds: readSeconds(sent.get('DurationSeconds')),
  });
}

/** Checks the members of a query for container credentials. Throws `request_malformed`. */
export function readMembers(query: Form): CredentialRequest {
  const sent = toMembers(query, (name) => AUDITED_AS.has(name));
  return toRequest({
    grant: readText(sent.get('Grant'), 'Grant'),
    roleArn: readRoleArn(sent.get('RoleArn')),
    target: readText(sent.get('Target'), 'Target'),
    permissions: readPermissions(sent.get('Permissions')?.split(','), 'Permissions'),
    durationSeconds: readSeconds(sent.get('DurationSeconds')),
  });
}

function toMembers(form: Form, isKnown: (name: string) => boolean): ReadonlyMap<string, string> {
  const sent = new Map<string, string>();
  for (const [name, value] of form) {
    const member = toLogged(name);
    if (sent.has(name)) throw malformed('a parameter is repeated', member);
    if (!isKnown(name)) throw malformed('the request has an unknown parameter', member);
    sent.set(name, value);
  }
  return sent;
}

/** `arn:aws:iam::<account>:role/<name>` means `acs:ram::<account>:role/<name>`. No grant has anything else. */
function readRoleArn(value: string | undefined): string | undefined {
  return readText(value, 'RoleArn')?.replace(OF_AWS, 'acs:ram::');
}

function readSeconds(text: string | undefined): number | undefined {
  const value = text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : text;
  return readDuration(value, 'DurationSeconds');
}
