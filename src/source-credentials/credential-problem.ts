/** The commonest mistakes with credentials, found before STS sees them. */
import type { SourceCredentials } from '../ports.ts';

/** STS gives its temporary keys ids that begin so. */
const TEMPORARY_KEY_PREFIX = 'STS.';

/** Beyond this a header of the signed request would be refused anyway. */
const MAX_PART_LENGTH = 8192;

/** As they stand in the vendor's examples: `<STS_ACCESS_KEY_ID>`, `YOUR_ACCESS_KEY_ID`, `STS.****`. */
const PLACEHOLDER = /^<.*>$|\*{4}|^your[_ -]?(?:access|security|sts)/i;

/**
 * Tells what is wrong with credentials before STS tells it less clearly, or undefined. Holds no
 * part of them.
 */
export function findCredentialProblem(credentials: SourceCredentials): string | undefined {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const parts = { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret };
  const named = securityToken === undefined ? parts : { ...parts, SecurityToken: securityToken };
  for (const [name, value] of Object.entries(named)) {
    if (value === '') return `the ${name} is empty`;
    if (PLACEHOLDER.test(value)) return `the ${name} is still a placeholder from an example`;
    if (/[^!-~]/.test(value)) return `the ${name} holds white space or other foreign characters`;
    if (value.length > MAX_PART_LENGTH) return `the ${name} is too long to be one`;
  }
  const isTemporary = accessKeyId.startsWith(TEMPORARY_KEY_PREFIX);
  if (isTemporary && securityToken === undefined) {
    return 'the AccessKeyId begins with STS., so it is temporary and needs its SecurityToken';
  }
  if (!isTemporary && securityToken !== undefined) {
    return 'there is a SecurityToken, but the AccessKeyId does not begin with STS., so it belongs to a RAM user; take both from one answer of STS, or leave the SecurityToken out';
  }
  return undefined;
}
