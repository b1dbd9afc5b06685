/** What can be told about credentials by looking at them: the commonest mistakes, and what an operator should know. */
import type { SourceCredentials } from './source-credentials.ts';

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

/**
 * One sentence for the operator about credentials that the broker begins to use. `isRenewed` says
 * whether their source gives newer ones by itself.
 */
export function describeCredentials(
  source: string,
  credentials: SourceCredentials,
  isRenewed: boolean,
): string {
  const { securityToken, expiresAtMs } = credentials;
  if (securityToken === undefined) {
    return `source credentials (${source}): a long-lived AccessKey, which never rotates by itself. Rotate it by hand, and make sure that it belongs to a RAM user and not to the account itself, which STS lets assume no role; temporary credentials (ecs_ram_role, oidc_role_arn, the role of a function) are safer`;
  }
  const end =
    expiresAtMs === undefined
      ? 'temporary, with no word on when they expire'
      : `temporary, valid until ${new Date(expiresAtMs).toISOString()}`;
  return isRenewed
    ? `source credentials (${source}): ${end}`
    : `source credentials (${source}): ${end}. Nothing renews them: once they expire, every request is refused`;
}
