/** A credentials provider for AWS SDKs that talk to the S3-compatible endpoint of OSS. */
import type { CredentialSource } from './credential.ts';

/**
 * For `credentials` of a client of the AWS SDK for JavaScript. `expiration` is by the local clock,
 * which the SDK compares it with.
 */
export function forAws(source: CredentialSource) {
  return async () => {
    const { accessKeyId, accessKeySecret, securityToken, expiration, clockOffsetMs } =
      await source.get();
    return {
      accessKeyId,
      secretAccessKey: accessKeySecret,
      sessionToken: securityToken,
      expiration: new Date(expiration.getTime() - clockOffsetMs),
    };
  };
}
