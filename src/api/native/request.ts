/** Reads the requests of the native API: a JSON body or query parameters with the same members. */
import type { Context } from 'hono';
import { parseJsonObject } from '../../lib/strict-json.ts';
import { withinDeadline } from '../../lib/within-deadline.ts';
import type { CredentialRequest, Requested } from '../../ports.ts';
import { refuse } from '../../refusal.ts';
import { describeMembers } from '../http/describe-members.ts';
import { parseForm } from '../http/form.ts';
import { queryOf } from '../http/query.ts';
import {
  malformed,
  readDuration,
  readPermissions,
  readText,
  toLogged,
  toRequest,
} from '../http/request-members.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { requireJsonAccepted } from '../http/transport-rules.ts';

/** Names and values in the order in which they were sent, unchecked. A query can repeat a name. */
export type SentMembers = readonly (readonly [name: string, value: unknown])[];

/** Every member of a request, and its name in the audit line. */
const AUDITED_AS: ReadonlyMap<string, keyof Requested> = new Map([
  ['Grant', 'grant'],
  ['Target', 'target'],
  ['Permissions', 'permissions'],
  ['DurationSeconds', 'duration'],
]);

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

/**
 * Takes the query of a GET apart: the same members, with `Permissions` separated by commas. Throws
 * `request_malformed`.
 */
export function parseQuery(url: string): SentMembers {
  return parseForm(Buffer.from(queryOf(url))).map(([name, value]) => {
    if (name === 'Permissions') return [name, value.split(',')];
    const isNumber = name === 'DurationSeconds' && /^\d{1,6}$/.test(value);
    return [name, isNumber ? Number(value) : value];
  });
}

/** What a request asks for, for the audit line. */
export function describeRequested(sent: SentMembers): Requested {
  return describeMembers(sent, AUDITED_AS);
}

/**
 * What was sent. It is audited first, whatever is wrong with the request. Throws `not_acceptable`, and what
 * `readSent` throws.
 */
export async function readAudited(
  c: Context<SurfaceEnv>,
  readSent: () => Promise<SentMembers>,
): Promise<SentMembers> {
  const [sent] = await Promise.allSettled([readSent()]);
  if (sent.status === 'fulfilled') {
    c.get('trail').add({ requested: describeRequested(sent.value) });
  }
  requireJsonAccepted(c.req.header('accept'));
  if (sent.status === 'rejected') throw sent.reason;
  return sent.value;
}

/** How long the audit line of a refused caller waits for the body that says what was asked. */
const DESCRIBE_MS = 50;

/** What a caller without a valid token asks for, unless its body is late or cannot be read. Never throws. */
export function describeInTime(
  readSent: () => Promise<SentMembers>,
): Promise<Requested | undefined> {
  const late = () => new Error('the body is late');
  return withinDeadline(readSent(), DESCRIBE_MS, late).then(describeRequested, () => undefined);
}

/**
 * Checks the members. Unknown ones are refused, among them a token in a query, which would end up
 * in logs. Throws `request_malformed`.
 */
export function readMembers(sent: SentMembers): CredentialRequest {
  const members = new Map<string, unknown>();
  for (const [name, value] of sent) {
    if (members.has(name)) throw malformed('a query parameter is repeated', toLogged(name));
    if (!AUDITED_AS.has(name)) throw malformed('the request has an unknown member', toLogged(name));
    members.set(name, value);
  }
  return toRequest({
    grant: readText(members.get('Grant'), 'Grant'),
    target: readText(members.get('Target'), 'Target'),
    permissions: readPermissions(members.get('Permissions'), 'Permissions'),
    durationSeconds: readDuration(members.get('DurationSeconds'), 'DurationSeconds'),
  });
}
