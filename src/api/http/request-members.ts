/** Checks the members of a request, whatever a surface calls them. */
import type { Permission } from '../../config/config.ts';
import { boundedText } from '../../lib/bounded-text.ts';
import { MAX_SESSION_SECONDS, MIN_SESSION_SECONDS } from '../../lib/session-seconds.ts';
import type { CredentialRequest } from '../../ports.ts';
import { type RefusalError, refuse } from '../../refusal.ts';
import { queryOf } from './query.ts';

/** An audit line contains at most this many characters of one member or its name. */
const MAX_LOGGED_LENGTH = 100;

/** Text for the audit line from what a caller sent. */
export function toLogged(value: unknown): string {
  return boundedText(value, MAX_LOGGED_LENGTH, 'tokens and secrets');
}

/** Throws `request_malformed` if there is a query: ignoring a parameter that narrows would widen the credential. */
export function requireNoQuery(url: string): void {
  if (queryOf(url) !== '') throw malformed('the request has a query');
}

/**
 * Throws `request_malformed` if there is an `Authorization` header where the subject token is not sent in
 * it: the broker has no clients to authenticate, and a second token would leave open which one counts.
 */
export function requireNoAuthorization(authorization: string | undefined): void {
  if (authorization !== undefined) throw malformed('the request has an Authorization header');
}

/** The request without the members that were not sent. */
export function toRequest(
  members: {
    readonly [name in keyof CredentialRequest]: CredentialRequest[name] | undefined;
  },
): CredentialRequest {
  const { grant, roleArn, target, permissions } = members;
  const { durationSeconds, usualDurationSeconds, policy } = members;
  return {
    ...(grant === undefined ? {} : { grant }),
    ...(roleArn === undefined ? {} : { roleArn }),
    ...(target === undefined ? {} : { target }),
    ...(permissions === undefined ? {} : { permissions }),
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    ...(usualDurationSeconds === undefined ? {} : { usualDurationSeconds }),
    ...(policy === undefined ? {} : { policy }),
  };
}

/** `name` is the member's name on the surface. Throws `request_malformed`, like the readers below. */
export function readText(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '')
    throw malformed(`${name} is not a non-empty string`, name);
  return value;
}

export function readPermissions(value: unknown, name: string): readonly Permission[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0) {
    throw malformed(`${name} is not a non-empty list`, name);
  }
  const permissions = new Set<Permission>();
  for (const item of value) {
    if (!isPermission(item)) throw malformed(`${name} contains an unknown permission`, name);
    if (permissions.has(item)) throw malformed(`${name} repeats a permission`, name);
    permissions.add(item);
  }
  return [...permissions];
}

function isPermission(value: unknown): value is Permission {
  return value === 'read' || value === 'write' || value === 'list' || value === 'delete';
}

/** In seconds. */
export function readDuration(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  const isInRange =
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= MIN_SESSION_SECONDS &&
    value <= MAX_SESSION_SECONDS;
  if (!isInRange) {
    throw malformed(
      `${name} is not an integer from ${MIN_SESSION_SECONDS} to ${MAX_SESSION_SECONDS}`,
      name,
    );
  }
  return value;
}

/** `member`: the one that is wrong. */
export function malformed(problem: string, member?: string): RefusalError {
  const name = member === undefined ? {} : { member };
  return refuse({ reason: 'request_malformed', problem, ...name });
}
