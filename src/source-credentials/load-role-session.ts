/** Source credentials that are a session of a role: AssumeRole from other credentials, or AssumeRoleWithOIDC. */
import { readFile } from 'node:fs/promises';
import type {
  OidcRoleArnSettings,
  RamRoleArnSettings,
  SourceStsSettings,
} from '../config/source-credentials-settings.ts';
import { isAboutSourceCredentials, refusalForStsError } from '../sts/errors.ts';
import { loadCredentialLibrary, loadThroughLibrary } from './library.ts';
import { codeOfSystemError, LoadError, toLoadError } from './load-error.ts';
import {
  type Environment,
  isSameKey,
  type SourceCredentials,
  type SourceCredentialsProvider,
} from './source-credentials.ts';
import type { Exchange } from './transport.ts';

const STS_TIMEOUT_MS = 5000;
const DEFAULT_DURATION_SECONDS = 3600;
const DEFAULT_SESSION_NAME = 'oss-token-broker';

export interface RoleSessionContext {
  readonly environment: Environment;
  /** What the grants use, for whatever the settings leave open. */
  readonly region: string;
  readonly sts: SourceStsSettings;
}

/**
 * Assumes the role with the credentials of `base`. If STS does not accept those, they are renewed
 * once and tried again. Throws LoadErrors.
 */
export async function loadRamRoleSession(
  settings: RamRoleArnSettings,
  context: RoleSessionContext,
  tools: { readonly exchange: Exchange; readonly base: SourceCredentialsProvider },
): Promise<SourceCredentials> {
  const { base, exchange } = tools;
  const common = readCommon(settings, context);
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
    const asked = { timeoutMs: STS_TIMEOUT_MS, isPlainHttp, asked: 'STS' };
    return loadThroughLibrary({ provider: builder.build(), exchange, ...asked });
  }

  const credentials = await base.get();
  try {
    return await assumeWith(credentials);
  } catch (error) {
    const failure = toLoadError(error);
    if (!isAboutSourceCredentials(failure.stsCode ?? '')) throw withHint(failure, common);
    const renewed = await base.renew(credentials);
    if (isSameKey(renewed, credentials)) throw withHint(failure, common);
    return assumeWith(renewed);
  }
}

/**
 * Assumes the role with the token of an OIDC provider, as RRSA in ACK has it. The token's file is
 * read each time, since the cluster replaces it well before it expires. Throws LoadErrors.
 */
export async function loadOidcRoleSession(
  settings: OidcRoleArnSettings,
  context: RoleSessionContext,
  tools: { readonly exchange: Exchange },
): Promise<SourceCredentials> {
  const { environment } = context;
  const common = readCommon(settings, context);
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
  const asked = { timeoutMs: STS_TIMEOUT_MS, isPlainHttp, asked: 'STS' };
  try {
    return await loadThroughLibrary({
      provider: builder.build(),
      exchange: tools.exchange,
      ...asked,
    });
  } catch (error) {
    throw withHint(toLoadError(error), common);
  }
}

/** The library would send an empty token, or one with a line break, and STS would say less clearly what is wrong. */
async function requireToken(path: string): Promise<void> {
  const token = await readFile(path, 'utf8').catch((error: unknown) => {
    const code = codeOfSystemError(error);
    throw new LoadError(`the OIDC token file cannot be read${code ? ` (${code})` : ''}`);
  });
  if (token === '') throw new LoadError('the OIDC token file is empty', { isTransient: true });
  if (/\s/.test(token)) throw new LoadError('the OIDC token file holds white space');
}

/** Every value that the library would otherwise take from the environment of the process by itself. */
function readCommon(
  settings: RamRoleArnSettings | OidcRoleArnSettings,
  { environment, region, sts }: RoleSessionContext,
) {
  const roleArn = settings.role ?? environment['ALIBABA_CLOUD_ROLE_ARN'];
  if (!roleArn) throw new LoadError('there is no role, and ALIBABA_CLOUD_ROLE_ARN is not set');
  const own = settings.sts ?? {};
  const isElsewhere = own.region !== undefined || own.network !== undefined;
  const endpoint = own.endpoint ?? (isElsewhere ? undefined : sts.endpoint);
  const prefix = (own.network ?? sts.network) === 'vpc' ? 'sts-vpc' : 'sts';
  return {
    roleArn,
    roleSessionName:
      settings.roleSessionName ??
      environment['ALIBABA_CLOUD_ROLE_SESSION_NAME'] ??
      DEFAULT_SESSION_NAME,
    durationSeconds: settings.durationSeconds ?? DEFAULT_DURATION_SECONDS,
    host: endpoint?.replace(/^https?:\/\//, '') ?? `${prefix}.${own.region ?? region}.aliyuncs.com`,
    isPlainHttp: endpoint?.startsWith('http://') === true,
  };
}

/** What the operator can do about STS's answer, in the words used for the roles of grants. */
function withHint(
  failure: LoadError,
  asked: { readonly roleArn: string; readonly durationSeconds: number },
): LoadError {
  const { stsCode, isTransient, problem } = failure;
  if (stsCode === undefined) return failure;
  const refusal = refusalForStsError({ code: stsCode, statusCode: 400 }, asked);
  switch (refusal.reason) {
    case 'sts_refused':
      return new LoadError(`${problem}: ${refusal.hint}`, { isTransient, stsCode });
    case 'source_credentials_unavailable':
      return new LoadError(refusal.problem, { isTransient, stsCode });
    default:
      return failure;
  }
}
