/** Renders a credential as the answer of AssumeRoleWithOIDC. */
import type { IssuedCredential } from '../../ports.ts';
import type { Members } from './document.ts';

/** The name of the outermost element in XML. */
export const ANSWER_ROOT = 'AssumeRoleWithOIDCResponse';

/**
 * The members that STS documents (https://www.alibabacloud.com/help/en/ram/api-assumerolewithoidc).
 * `AssumedRoleUser` is who the session is for OSS and ActionTrail, whatever the caller had sent.
 */
export function toAnswer(issued: IssuedCredential, requestId: string): Members {
  const { assumedRole, token, roleArn, roleSessionName } = issued;
  const { assumedRoleId } = assumedRole;
  return {
    RequestId: requestId,
    OIDCTokenInfo: {
      Subject: token.subject,
      Issuer: token.issuer.issuer,
      ClientIds: [token.claims['aud']].flat().map(String).join(','),
      ExpirationTime: toInstant(token.expiresAt),
      IssuanceTime: toInstant(token.issuedAt),
      VerificationInfo: 'Success',
    },
    AssumedRoleUser: {
      Arn: `${roleArn}/${roleSessionName}`,
      ...(assumedRoleId === undefined ? {} : { AssumedRoleId: assumedRoleId }),
    },
    Credentials: {
      SecurityToken: assumedRole.securityToken,
      AccessKeyId: assumedRole.accessKeyId,
      AccessKeySecret: assumedRole.accessKeySecret,
      Expiration: assumedRole.expiration,
    },
  };
}

function toInstant(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
