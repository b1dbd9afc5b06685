/** The environment variables that clients of OSS read a credential from. */
import { type Credential, placeOf } from '../broker/credential.ts';

/** A variable, and its value; undefined if it must not be set. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The credential under the names of three families: ossutil and the OSS SDKs; the Alibaba Cloud SDKs
 * and CLI; the AWS SDKs and what builds on them. Where the bucket is, too, if all targets are in one place.
 */
export function credentialVariables(credential: Credential): Variables {
  const { accessKeyId, accessKeySecret, securityToken } = credential;
  return {
    OSS_ACCESS_KEY_ID: accessKeyId,
    OSS_ACCESS_KEY_SECRET: accessKeySecret,
    OSS_SESSION_TOKEN: securityToken,
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
    ALIBABA_CLOUD_SECURITY_TOKEN: securityToken,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: accessKeySecret,
    AWS_SESSION_TOKEN: securityToken,
    ...placeVariables(credential),
  };
}

/** Where the credential can be used: ossutil reads the region and the endpoint. */
export function placeVariables(credential: Credential): Variables {
  const { target, region, endpoint } = placeOf(credential);
  return { OSS_REGION: region, OSS_ENDPOINT: endpoint, OSS_TARGET: target };
}

/**
 * Variables that select another identity, or the same one in another way. A client that sees them may
 * prefer them to the credential.
 */
export const RIVALS: readonly string[] = [
  'ALIBABA_CLOUD_CREDENTIALS_URI',
  'ALIBABA_CLOUD_OIDC_PROVIDER_ARN',
  'ALIBABA_CLOUD_OIDC_TOKEN_FILE',
  'ALIBABA_CLOUD_PROFILE',
  'ALIBABA_CLOUD_ROLE_ARN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_DEFAULT_PROFILE',
  'AWS_PROFILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_SECURITY_TOKEN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
];
