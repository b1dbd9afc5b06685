/** Renders a credential as one body that the credential clients of every OSS SDK understand. */
import type { Config } from '../../config/config.ts';
import { formatTarget } from '../../grants/target.ts';
import type { GrantedTarget, IssuedCredential } from '../../ports.ts';

/**
 * Renders a credential. `StatusCode` is for the mobile SDKs, `Code` for the credentials URI of the
 * Java and Python SDKs and the CLI. Instants have whole seconds, since iOS parses no others. The
 * top level has no `Region`, `Bucket` or `Endpoint`: ali-oss would use them as its options.
 */
export function toCredentialBody(
  issued: IssuedCredential,
  requestId: string,
  buckets: Config['buckets'],
): string {
  const { assumedRole, grantName, allowances } = issued;
  return JSON.stringify({
    StatusCode: 200,
    Code: 'Success',
    RequestId: requestId,
    AccessKeyId: assumedRole.accessKeyId,
    AccessKeySecret: assumedRole.accessKeySecret,
    SecurityToken: assumedRole.securityToken,
    Expiration: assumedRole.expiration,
    RefreshAfter: toWholeSeconds(issued.refreshAfterMs),
    Grant: {
      Name: grantName,
      Targets: allowances.map((allowance) => toTarget(allowance, buckets)),
    },
  });
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

function toWholeSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
