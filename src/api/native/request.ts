/** Reads the requests of the native API: a JSON body or query parameters with the same members. */
import type { Permission } from '../../config/config.ts';
import { boundedText } from '../../lib/bounded-text.ts';
import { MAX_SESSION_SECONDS, MIN_SESSION_SECONDS } from '../../lib/session-seconds.ts';
import { parseJsonObject } from '../../lib/strict-json.ts';
import type { CredentialRequest, Requested } from '../../ports.ts';
import { type RefusalError, refuse } from '../../refusal.ts';

/** Names and values in the order in which they were sent, unchecked. A query can repeat a name. */
export type SentMembers = readonly (readonly [name: string, value: unknown])[];

/** Every member of a request, and its name in the audit line. */
const AUDITED_AS: ReadonlyMap<string, keyof Requested> = new Map([
  ['Grant', 'grant'],
  ['Target', 'target'],
  ['Permissions', 'permissions'],
  ['DurationSeconds', 'duration'],
]);

/** An audit line contains at most this many characters of one member or its name. */
const MAX_LOGGED_LENGTH = 100;

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

/** Takes the JSON body of a POST apart. An empty body asks for everything that the grant allows. */
export function parseBody(bytes: Buffer): SentMembers {
  if (bytes.length === 0) return [];
  const body = parseJsonObject(bytes);
  if (!body.ok) throw malformed(`the body ${body.problem}`);
  return Object.entries(body.value);
}

/** Takes the query of a GET apart: the same members, with `Permissions` separated by commas. */
export function parseQuery(url: string): SentMembers {
  const at = url.indexOf('?');
  if (at === -1) return [];
  return [...new URLSearchParams(url.slice(at))].map(([name, value]) => {
    if (name === 'Permissions') return [name, value.split(',')];
    const isNumber = name === 'DurationSeconds' && /^\d{1,6}$/.test(value);
    return [name, isNumber ? Number(value) : value];
  });
}

/** What a request asks for, as it was sent, for the audit line. Of repeated members, the first. */
export function describeRequested(sent: SentMembers): Requested {
  const requested: Partial<Record<keyof Requested, string>> = {};
  for (const [name, value] of sent) {
    const member = AUDITED_AS.get(name);
    if (member === undefined || requested[member] !== undefined) continue;
    const isTextList = Array.isArray(value) && value.every((item) => typeof item === 'string');
    requested[member] = toLogged(isTextList ? value.join(',') : value);
  }
  return requested;
}

function toLogged(value: unknown): string {
  return boundedText(value, MAX_LOGGED_LENGTH, 'tokens and secrets');
}

/** Throws `request_malformed` if a POST has a query: to ignore a narrowing there would widen the credential. */
export function requireNoQuery(url: string): void {
  const at = url.indexOf('?');
  if (at !== -1 && at < url.length - 1) throw malformed('a POST has a query');
}

/**
 * Checks the members. Unknown ones are refused, among them a token in a query, which would end up
 * in logs. Throws `request_malformed`.
 */
export function readMembers(sent: SentMembers): CredentialRequest {
  const members = new Map<string, unknown>();
  for (const [name, value] of sent) {
    const member = toLogged(name);
    if (members.has(name)) throw malformed('a query parameter is repeated', member);
    if (!AUDITED_AS.has(name)) throw malformed('the request has an unknown member', member);
    members.set(name, value);
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

function malformed(problem: string, member?: string): RefusalError {
  const name = member === undefined ? {} : { member };
  return refuse({ reason: 'request_malformed', problem, ...name });
}
