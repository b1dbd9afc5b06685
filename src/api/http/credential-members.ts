/** The members of a credential that the answers of several surfaces have. */
import type { Config } from '../../config/config.ts';
import { formatTarget } from '../../grants/target.ts';
import type { GrantedTarget, IssuedCredential } from '../../ports.ts';

/**
 * The names are those of STS. Instants have whole seconds, since iOS parses no others. The top level
 * has no `Region`, `Bucket` or `Endpoint`: ali-oss would use them as its options.
 */
export function toCredentialMembers(issued: IssuedCredential, buckets: Config['buckets']) {
  const { assumedRole, grantName, allowances } = issued;
  return {
    AccessKeyId: assumedRole.accessKeyId,
    AccessKeySecret: assumedRole.accessKeySecret,
    SecurityToken: assumedRole.securityToken,
    Expiration: assumedRole.expiration,
    RefreshAfter: toWholeSeconds(issued.refreshAfterMs),
    Grant: toGrantMember(grantName, allowances, buckets),
  };
}

/** What the grant allows, after it was narrowed. */
export function toGrantMember(
  grantName: string,
  allowances: readonly GrantedTarget[],
  buckets: Config['buckets'],
) {
  return {
    Name: grantName,
    Targets: allowances.map((allowance) => toTarget(allowance, buckets)),
  };
}

function toTarget({ target, permissions, actions }: GrantedTarget, buckets: Config['buckets']) {
  const bucket = buckets.find(({ name }) => name === target.bucket);
  return {
    Target: formatTarget(target),
    Permissions: permissions,
    ...(actions.length === 0 ? {} : { Actions: actions }),
    ...(bucket === undefined ? {} : { Region: bucket.region, Endpoint: bucket.endpoint }),
    ...(bucket?.cname ? { Cname: true } : {}),
  };
}

/** UTC, with `Z`. */
export function toWholeSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
