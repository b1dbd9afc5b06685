/** A credentials provider for `@alicloud/credentials` and the Alibaba Cloud SDKs. */
import type { CredentialSource } from './credential.ts';

const NAME = 'oss-token-broker';

/**
 * For `new Credential(null, …)` of `@alicloud/credentials`, which asks `getCredentials` before each use
 * and keeps nothing. SDK clients that take a `credential` also take it as it is.
 */
export function forAlicloud(source: CredentialSource) {
  const getCredentials = async () => {
    const { accessKeyId, accessKeySecret, securityToken } = await source.get();
    return { accessKeyId, accessKeySecret, securityToken, providerName: NAME };
  };
  return {
    getCredentials,
    getProviderName: () => NAME,
    getCredential: async () => ({ ...(await getCredentials()), type: 'sts' }),
    getType: () => 'sts',
  };
}
