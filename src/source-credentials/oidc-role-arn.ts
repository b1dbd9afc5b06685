/** Loads source credentials by AssumeRoleWithOIDC: a session of a role. */
import { readFile } from 'node:fs/promises';
import type { OidcRoleArnSettings } from '../config/source-credentials-settings.ts';
import type { SourceCredentials } from '../ports.ts';
import { loadCredentialLibrary, loadThroughLibrary } from './library.ts';
import { LoadError, toLoadError, withCode } from './load-error.ts';
import {
  type RoleSessionContext,
  readRoleSettings,
  STS_TIMEOUT_MS,
  withHint,
} from './role-session.ts';
import type { Exchange } from './transport.ts';

/**
 * Assumes the role with the token of an OIDC provider, as with RRSA in ACK. The token file is read
 * each time, because the cluster replaces it well before the token expires. Throws LoadErrors.
 */
export async function loadOidcRoleSession(
  settings: OidcRoleArnSettings,
  context: RoleSessionContext,
  tools: { readonly exchange: Exchange },
): Promise<SourceCredentials> {
  const { environment } = context;
  const common = readRoleSettings(settings, context);
  const oidcProvider = settings.oidcProvider ?? environment['ALIBABA_CLOUD_OIDC_PROVIDER_ARN'];
  const tokenFile = settings.oidcTokenFile ?? environment['ALIBABA_CLOUD_OIDC_TOKEN_FILE'];
  if (!oidcProvider) {
    throw new LoadError('there is no oidcProvider, and ALIBABA_CLOUD_OIDC_PROVIDER_ARN is not set');
  }
  if (!tokenFile) {
    throw new LoadError('there is no oidcTokenFile, and ALIBABA_CLOUD_OIDC_TOKEN_FILE is not set');
  }
  await requireToken(tokenFile);
  const { OIDCRoleArnCredentialsProvider } = await loadCredentialLibrary();
  const builder = OIDCRoleArnCredentialsProvider.builder()
    .withRoleArn(common.roleArn)
    .withOIDCProviderArn(oidcProvider)
    .withOIDCTokenFilePath(tokenFile)
    .withRoleSessionName(common.roleSessionName)
    .withDurationSeconds(common.durationSeconds)
    .withStsEndpoint(common.host);
  if (settings.policy !== undefined) builder.withPolicy(settings.policy);
  const { isPlainHttp } = common;
  const request = { timeoutMs: STS_TIMEOUT_MS, isPlainHttp, server: 'STS' };
  try {
    return await loadThroughLibrary({
      provider: builder.build(),
      exchange: tools.exchange,
      ...request,
    });
  } catch (error) {
    throw withHint(toLoadError(error), common);
  }
}

/** Without this check the library sends an empty token or one with a line break, and the STS error is less clear. */
async function requireToken(path: string): Promise<void> {
  const token = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new LoadError(withCode('the OIDC token file cannot be read', error));
  });
  if (token === '') throw new LoadError('the OIDC token file is empty', { isTransient: true });
  if (/\s/.test(token)) throw new LoadError('the OIDC token file contains white space');
}
