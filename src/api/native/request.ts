/** Reads the requests of the native API: a JSON body or query parameters with the same members. */
import type { Permission } from '../../config/config.ts';
import { MAX_SESSION_SECONDS, MIN_SESSION_SECONDS } from '../../lib/session-seconds.ts';
import { parseJsonObject } from '../../lib/strict-json.ts';
import type { CredentialRequest } from '../../ports.ts';
import { type RefusalError, refuse } from '../../refusal.ts';

/** RFC 6750 section 2.1. The name of the scheme is case-insensitive (RFC 9110 section 11.1). */
const BEARER = /^bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** Reads `Authorization: Bearer <subject token>`. Throws `token_missing` and `token_malformed`. */
export function readSubjectToken(authorization: string | undefined): string {
  if (authorization === undefined) throw refuse({ reason: 'token_missing' });
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) {
    throw refuse({
      reason: 'token_malformed',
      problem: 'the Authorization header is not "Bearer <JWT>"',
    });
  }
  return token;
}

/** Reads the JSON body of a POST. An empty body asks for everything that the grant allows. */
export function readBody(bytes: Buffer): CredentialRequest {
  if (bytes.length === 0) return {};
  const body = parseJsonObject(bytes);
  if (!body.ok) throw malformed(`the body ${body.problem}`);
  return readMembers(new Map(Object.entries(body.value)));
}

/** Throws `request_malformed` if a POST has a query: to ignore a narrowing there would widen the credential. */
export function requireNoQuery(url: string): void {
  const at = url.indexOf('?');
  if (at !== -1 && at < url.length - 1) throw malformed('a POST has a query');
}

/**
 * Reads the query of a GET: the same members, with `Permissions` separated by commas. Unknown
 * parameters are refused, among them a token, which would end up in logs.
 */
export function readQuery(url: string): CredentialRequest {
  const at = url.indexOf('?');
  if (at === -1) return {};
  const members = new Map<string, unknown>();
  for (const [name, value] of new URLSearchParams(url.slice(at))) {
    if (members.has(name)) throw malformed('a query parameter is repeated');
    if (name === 'Permissions') members.set(name, value.split(','));
    else if (name === 'DurationSeconds')
      members.set(name, /^\d{1,6}$/.test(value) ? Number(value) : value);
    else members.set(name, value);
  }
  return readMembers(members);
}

function readMembers(members: ReadonlyMap<string, unknown>): CredentialRequest {
  const known = new Set(['Grant', 'Target', 'Permissions', 'DurationSeconds']);
  for (const name of members.keys()) {
    if (!known.has(name)) throw malformed('the request has an unknown member');
  }
  const grant = readText(members, 'Grant');
  const target = readText(members, 'Target');
  const permissions = readPermissions(members.get('Permissions'));
  const durationSeconds = readDuration(members.get('DurationSeconds'));
  return {
    ...(grant === undefined ? {} : { grant }),
    ...(target === undefined ? {} : { target }),
    ...(permissions === undefined ? {} : { permissions }),
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
  };
}

function readText(members: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = members.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '')
    throw malformed(`${name} is not a non-empty string`);
  return value;
}

function readPermissions(value: unknown): readonly Permission[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0) {
    throw malformed('Permissions is not a non-empty list');
  }
  const permissions = new Set<Permission>();
  for (const item of value) {
    if (!isPermission(item)) throw malformed('Permissions contains an unknown permission');
    if (permissions.has(item)) throw malformed('Permissions repeats a permission');
    permissions.add(item);
  }
  return [...permissions];
}

function isPermission(value: unknown): value is Permission {
  return value === 'read' || value === 'write' || value === 'list' || value === 'delete';
}

function readDuration(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const isInRange =
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= MIN_SESSION_SECONDS &&
    value <= MAX_SESSION_SECONDS;
  if (!isInRange) {
    throw malformed(
      `DurationSeconds is not an integer from ${MIN_SESSION_SECONDS} to ${MAX_SESSION_SECONDS}`,
    );
  }
  return value;
}

function malformed(problem: string): RefusalError {
  return refuse({ reason: 'request_malformed', problem });
}
