/** Loads source credentials by AssumeRole with other source credentials: a session of a role. */
import type { RamRoleArnSettings } from '../config/source-credentials-settings.ts';
import { isSameKey } from '../lib/is-same-key.ts';
import type { SourceCredentials, SourceCredentialsProvider } from '../ports.ts';
import { isSourceCredentialsCode } from '../sts/errors.ts';
import { loadCredentialLibrary, loadThroughLibrary } from './library.ts';
import { toLoadError } from './load-error.ts';
import {
  DEFAULT_SESSION_NAME,
  type RoleSessionContext,
  readRoleSettings,
  STS_TIMEOUT_MS,
  withHint,
} from './role-session.ts';
import type { Exchange } from './transport.ts';

/**
 * Assumes the role with the credentials of `base`. If STS does not accept them, it renews them and
 * tries once more. Throws LoadErrors.
 */
export async function loadRamRoleSession(
  settings: RamRoleArnSettings,
  context: RoleSessionContext,
  tools: { readonly exchange: Exchange; readonly base: SourceCredentialsProvider },
): Promise<SourceCredentials> {
  const { base, exchange } = tools;
  const common = readRoleSettings(settings, context);
  const { RAMRoleARNCredentialsProvider } = await loadCredentialLibrary();

  async function assumeWith(credentials: SourceCredentials): Promise<SourceCredentials> {
    const { accessKeyId, accessKeySecret, securityToken = '' } = credentials;
    const providerName = DEFAULT_SESSION_NAME;
    const builder = RAMRoleARNCredentialsProvider.builder()
      .withCredentialsProvider({
        getCredentials: async () => ({ accessKeyId, accessKeySecret, securityToken, providerName }),
        getProviderName: () => providerName,
      })
      .withRoleArn(common.roleArn)
      .withRoleSessionName(common.roleSessionName)
      .withDurationSeconds(common.durationSeconds)
      .withStsEndpoint(common.host);
    if (settings.policy !== undefined) builder.withPolicy(settings.policy);
    if (settings.externalId !== undefined) builder.withExternalId(settings.externalId);
    const { isPlainHttp } = common;
    const request = { timeoutMs: STS_TIMEOUT_MS, isPlainHttp, server: 'STS' };
    return loadThroughLibrary({ provider: builder.build(), exchange, ...request });
  }

  const credentials = await base.get();
  try {
    return await assumeWith(credentials);
  } catch (error) {
    const failure = toLoadError(error);
    if (!isSourceCredentialsCode(failure.stsCode ?? '')) throw withHint(failure, common);
    const renewed = await base.renew(credentials);
    if (isSameKey(renewed, credentials)) throw withHint(failure, common);
    return assumeWith(renewed);
  }
}
