/** Creates the role session name, which ActionTrail, the access logs of OSS and the audit log show. */
import { createHash } from 'node:crypto';
import { base32 } from '../lib/base32.ts';
import { lengthPrefixed } from '../lib/length-prefixed.ts';
import type { SubjectToken } from '../ports.ts';

const READABLE_LENGTH = 24;
/** 26 characters of base32 are 130 bits, so no two callers share a name. */
const HASH_LENGTH = 26;
const HASH_BYTES = 17;

/**
 * Joins a readable part of the subject and a hash of issuer, subject and grant. STS accepts
 * `[A-Za-z0-9.@_-]{2,64}` (https://www.alibabacloud.com/help/en/ram/api-assumerole).
 */
export function createRoleSessionName(token: SubjectToken, grantName: string): string {
  const readable = token.subject.replace(/[^A-Za-z0-9.@_-]/g, '_').slice(0, READABLE_LENGTH);
  const identity = lengthPrefixed([token.issuer.issuer, token.subject, grantName]);
  const digest = createHash('sha256').update(identity).digest().subarray(0, HASH_BYTES);
  const hash = base32(digest).slice(0, HASH_LENGTH);
  return `${readable}-${hash}`;
}
