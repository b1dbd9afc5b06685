/** Reads the parameters of a token exchange (RFC 8693 section 2.1). */
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
import { GRANT_TYPE, ISSUED_TOKEN_TYPE } from './token-type.ts';

/** RFC 8693 section 3. An access token must be a JWT too: the broker introspects nothing. */
const SUBJECT_TOKEN_TYPES = [
  'urn:ietf:params:oauth:token-type:jwt',
  'urn:ietf:params:oauth:token-type:access_token',
  'urn:ietf:params:oauth:token-type:id_token',
];

/**
 * Every parameter that is read. `grant` and `duration_seconds` are the broker's own. `client_id` names
 * a client that has no secret (RFC 6749 section 3.2.1): it proves nothing and decides nothing.
 */
const PARAMETERS = [
  'grant_type',
  'subject_token',
  'subject_token_type',
  'requested_token_type',
  'resource',
  'audience',
  'scope',
  'client_id',
  'grant',
  'duration_seconds',
];

/** The parameters that ask for something, and their names in the audit line. */
const AUDITED_AS: ReadonlyMap<string, keyof Requested> = new Map([
  ['grant', 'grant'],
  ['resource', 'target'],
  ['scope', 'permissions'],
  ['duration_seconds', 'duration'],
]);

/**
 * Reads the subject token, and looks at nothing else but the grant type: a request of another kind has
 * no subject token. Throws `request_malformed`, `grant_type_unsupported` and `token_missing`.
 */
export function readSubjectToken(form: Form): string {
  const grantType = readOnce(form, 'grant_type');
  if (grantType === undefined) throw malformed('grant_type is missing');
  if (grantType !== GRANT_TYPE) {
    throw refuse({ reason: 'grant_type_unsupported', grantType: toLogged(grantType) });
  }
  const token = readOnce(form, 'subject_token');
  if (token === undefined || token === '') throw refuse({ reason: 'token_missing' });
  return token;
}

/** What a request asks for, for the audit line. */
export function describeRequested(form: Form): Requested {
  const members = form.map(
    ([name, value]) => [name, name === 'scope' ? value.split(' ') : value] as const,
  );
  return describeMembers(members, AUDITED_AS);
}

/**
 * Checks the parameters. RFC 6749 section 3.2 says to ignore unknown ones, but ignoring one that
 * narrows would widen the credential. Throws `request_malformed` and `target_malformed`.
 */
export function readParameters(form: Form): CredentialRequest {
  const sent = new Map<string, string>();
  for (const [name, value] of form) {
    const member = toLogged(name);
    // RFC 8693 section 2.2.2: invalid_target if the broker cannot serve these targets
    if (name === 'audience') throw targetMalformed('audience is not supported; use resource');
    if (name === 'resource' && sent.has(name)) throw targetMalformed('several resources');
    if (sent.has(name)) throw malformed('a parameter is repeated', member);
    if (!PARAMETERS.includes(name)) throw malformed('the request has an unknown parameter', member);
    sent.set(name, value);
  }
  if (!SUBJECT_TOKEN_TYPES.includes(sent.get('subject_token_type') ?? '')) {
    throw malformed('subject_token_type is missing or not supported', 'subject_token_type');
  }
  if ((sent.get('requested_token_type') ?? ISSUED_TOKEN_TYPE) !== ISSUED_TOKEN_TYPE) {
    throw malformed('requested_token_type is not supported', 'requested_token_type');
  }
  const seconds = sent.get('duration_seconds');
  return toRequest({
    grant: readText(sent.get('grant'), 'grant'),
    target: readText(sent.get('resource'), 'resource'),
    permissions: readPermissions(sent.get('scope')?.split(' '), 'scope'),
    durationSeconds: readDuration(toNumber(seconds), 'duration_seconds'),
  });
}

function toNumber(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : text;
}

function targetMalformed(problem: string) {
  return refuse({ reason: 'target_malformed', problem });
}
