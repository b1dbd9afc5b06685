/** Renders credentials as AWS does: in XML as its STS, and in JSON as its container endpoints. */
import type { Config } from '../../config/config.ts';
import type { IssuedCredential } from '../../ports.ts';
import { toCredentialMembers } from '../http/credential-members.ts';
import { NAMESPACE, toElement } from './xml.ts';

/**
 * The answer of AWS STS. It has no `AssumedRoleUser`: SDKs take the fifth part of its ARN for the
 * account, which in an ARN of Alibaba Cloud is the role.
 */
export function toWebIdentityBody(issued: IssuedCredential, requestId: string): string {
  const { assumedRole } = issued;
  return toElement('AssumeRoleWithWebIdentityResponse', NAMESPACE, {
    AssumeRoleWithWebIdentityResult: {
      Credentials: {
        AccessKeyId: assumedRole.accessKeyId,
        SecretAccessKey: assumedRole.accessKeySecret,
        SessionToken: assumedRole.securityToken,
        Expiration: assumedRole.expiration,
      },
    },
    ResponseMetadata: { RequestId: requestId },
  });
}

/** The answer of a container endpoint. SDKs ignore what stands beside their four members. */
export function toContainerBody(issued: IssuedCredential, buckets: Config['buckets']): string {
  const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration, RefreshAfter, Grant } =
    toCredentialMembers(issued, buckets);
  return JSON.stringify({
    AccessKeyId,
    SecretAccessKey: AccessKeySecret,
    Token: SecurityToken,
    Expiration,
    RefreshAfter,
    Grant,
  });
}
