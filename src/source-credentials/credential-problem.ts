/** Finds the most common mistakes in credentials before STS sees them. */
import type { SourceCredentials } from '../ports.ts';

/** The prefix of the AccessKeyIds that STS issues. */
const TEMPORARY_KEY_PREFIX = 'STS.';

/** Servers refuse a header that is longer than this. */
const MAX_PART_LENGTH = 8192;

/** As in the vendor's examples: `<STS_ACCESS_KEY_ID>`, `YOUR_ACCESS_KEY_ID`, `STS.****`. */
const PLACEHOLDER = /^<.*>$|\*{4}|^your[_ -]?(?:access|security|sts)/i;

/**
 * Says what is wrong with credentials, more clearly than STS would, or returns undefined. The text
 * contains no part of them.
 */
export function findCredentialProblem(credentials: SourceCredentials): string | undefined {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const parts = { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret };
  const named = securityToken === undefined ? parts : { ...parts, SecurityToken: securityToken };
  for (const [name, value] of Object.entries(named)) {
    if (value === '') return `the ${name} is empty`;
    if (PLACEHOLDER.test(value)) return `the ${name} is still a placeholder from an example`;
    if (/[^!-~]/.test(value)) return `the ${name} contains white space or other invalid characters`;
    if (value.length > MAX_PART_LENGTH) return `the ${name} is too long`;
  }
  const isTemporary = accessKeyId.startsWith(TEMPORARY_KEY_PREFIX);
  if (isTemporary && securityToken === undefined) {
    return 'the AccessKeyId begins with STS., so it is temporary and needs its SecurityToken';
  }
  if (!isTemporary && securityToken !== undefined) {
    return 'there is a SecurityToken, but the AccessKeyId does not begin with STS., so it belongs to a RAM user; take both from one STS answer, or remove the SecurityToken';
  }
  return undefined;
}
