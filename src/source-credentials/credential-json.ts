/** Reads credentials from JSON with any of the member names that Alibaba Cloud's own tools write. */
import type { SourceCredentials } from '../ports.ts';
import { LoadError } from './load-error.ts';

/**
 * Per member, the name in three places: STS, instance metadata, credentials URIs and the process
 * output of the OSS SDKs; JavaScript; the Alibaba Cloud CLI's `External` output and profiles.
 */
const SPELLINGS = {
  accessKeyId: ['AccessKeyId', 'accessKeyId', 'access_key_id'],
  accessKeySecret: ['AccessKeySecret', 'accessKeySecret', 'access_key_secret'],
  securityToken: ['SecurityToken', 'securityToken', 'sts_token'],
  expiration: ['Expiration', 'expiration', 'sts_expiration'],
} as const;

/** RFC 3339 with at least minutes and an offset, so that nothing is read as local time. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** Parses JSON text. Throws a LoadError that contains no part of it. */
export function parseCredentialJson(text: string): SourceCredentials {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new LoadError(
      text.trim() === '' ? 'the source gave no content' : 'the content is not JSON',
    );
  }
  return readCredentials(value);
}

/** Reads an object with credentials. Throws a LoadError that names members, never their values. */
export function readCredentials(value: unknown): SourceCredentials {
  if (typeof value !== 'object' || value === null) {
    throw new LoadError('the content is not an object with credentials');
  }
  requireSuccess(value);
  const accessKeyId = readText(value, 'accessKeyId');
  const accessKeySecret = readText(value, 'accessKeySecret');
  const securityToken = readText(value, 'securityToken');
  if (accessKeyId === undefined) throw new LoadError('the content has no AccessKeyId');
  if (accessKeySecret === undefined) throw new LoadError('the content has no AccessKeySecret');
  const expiration = findMember(value, SPELLINGS.expiration);
  return {
    accessKeyId,
    accessKeySecret,
    ...(securityToken === undefined ? {} : { securityToken }),
    ...(isAbsent(expiration) ? {} : { expiresAtMs: readInstant(expiration) }),
  };
}

/** Reads a Date, RFC 3339 text or seconds since the epoch into milliseconds. Throws a LoadError. */
export function readInstant(value: unknown): number {
  const instantMs =
    value instanceof Date
      ? value.getTime()
      : typeof value === 'number'
        ? value * 1000
        : typeof value === 'string' && INSTANT.test(value)
          ? Date.parse(value)
          : Number.NaN;
  if (!Number.isFinite(instantMs)) {
    throw new LoadError('its Expiration is not a time such as 2026-11-23T19:00:00Z');
  }
  return instantMs;
}

/** Throws a LoadError for a failure, which metadata and credential servers also send with status 200. */
export function requireSuccess(value: object): void {
  const code: unknown = Reflect.get(value, 'Code');
  const statusCode: unknown = Reflect.get(value, 'StatusCode');
  const isFailure = (code !== undefined && code !== 'Success') || (statusCode ?? 200) !== 200;
  if (isFailure) throw new LoadError('the source reported a failure (its Code is not Success)');
}

function readText(value: object, member: 'accessKeyId' | 'accessKeySecret' | 'securityToken') {
  const found = findMember(value, SPELLINGS[member]);
  if (isAbsent(found)) return undefined;
  if (typeof found !== 'string') {
    throw new LoadError(`${SPELLINGS[member][0]} in the content is not text`);
  }
  return found;
}

function findMember(value: object, names: readonly string[]): unknown {
  const name = names.find((candidate) => !isAbsent(Reflect.get(value, candidate)));
  return name === undefined ? undefined : Reflect.get(value, name);
}

/** The CLI writes empty text and 0 for absent members. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 0;
}
