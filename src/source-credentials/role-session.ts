/** Shared by AssumeRole and AssumeRoleWithOIDC: settings with their defaults, and hints for STS refusals. */
import type {
  OidcRoleArnSettings,
  RamRoleArnSettings,
  SourceStsSettings,
} from '../config/source-credentials-settings.ts';
import { refusalForStsError } from '../sts/errors.ts';
import type { Environment } from './environment.ts';
import { LoadError } from './load-error.ts';

export const STS_TIMEOUT_MS = 5000;
const DEFAULT_DURATION_SECONDS = 3600;
export const DEFAULT_SESSION_NAME = 'oss-token-broker';

export interface RoleSessionContext {
  readonly environment: Environment;
  /** `region` and `sts` of the config, for sources without their own. */
  readonly region: string;
  readonly sts: SourceStsSettings;
}

/** Sets every value that the library would otherwise read from the environment of the process. */
export function readRoleSettings(
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

/** Adds what the operator can do about an STS refusal, in the same words as for the roles of grants. */
export function withHint(
  failure: LoadError,
  session: { readonly roleArn: string; readonly durationSeconds: number },
): LoadError {
  const { stsCode, isTransient, problem } = failure;
  if (stsCode === undefined) return failure;
  const refusal = refusalForStsError({ code: stsCode, statusCode: 400 }, session);
  switch (refusal.reason) {
    case 'sts_refused':
      return new LoadError(`${problem}: ${refusal.hint}`, { isTransient, stsCode });
    case 'source_credentials_unavailable':
      return new LoadError(refusal.problem, { isTransient, stsCode });
    default:
      return failure;
  }
}
