/** Source credentials: what the broker itself signs AssumeRole with. */
import { refuse } from '../refusal.ts';

export interface SourceCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

/**
 * Gives the source credentials as they are now; the same object for as long as they are the same.
 * Throws the refusal `source_credentials_unavailable`.
 */
export type GetSourceCredentials = () => Promise<SourceCredentials>;

/** STS gives its temporary keys ids that begin so. */
const TEMPORARY_KEY_PREFIX = 'STS.';

/** Source credentials that are written in the code that embeds the broker. Throws on a mix-up. */
export function createStaticCredentials(credentials: SourceCredentials): GetSourceCredentials {
  const problem = mixUp(credentials);
  if (problem !== undefined) throw refuse({ reason: 'source_credentials_unavailable', problem });
  return async () => credentials;
}

/** The two families of names, in the order in which they are looked for. */
const ENVIRONMENT_NAMES = [
  {
    id: 'ALIBABA_CLOUD_ACCESS_KEY_ID',
    secret: 'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
    token: 'ALIBABA_CLOUD_SECURITY_TOKEN',
  },
  { id: 'OSS_ACCESS_KEY_ID', secret: 'OSS_ACCESS_KEY_SECRET', token: 'OSS_SESSION_TOKEN' },
] as const;

/**
 * Source credentials from the environment: the names of the Alibaba Cloud SDKs, then those of the
 * OSS SDKs. The environment is read anew each time. One family is taken whole, never mixed.
 */
export function createEnvironmentCredentials(
  environment: Readonly<Record<string, string | undefined>>,
): GetSourceCredentials {
  let current: SourceCredentials | undefined;
  return async () => {
    const found = readEnvironment(environment);
    if (typeof found === 'string') {
      throw refuse({ reason: 'source_credentials_unavailable', problem: found });
    }
    const isSame =
      current?.accessKeyId === found.accessKeyId &&
      current.accessKeySecret === found.accessKeySecret &&
      current.securityToken === found.securityToken;
    if (!isSame || current === undefined) current = found;
    return current;
  };
}

/** The credentials, or what is wrong with the environment. Names variables, never their values. */
function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): SourceCredentials | string {
  for (const names of ENVIRONMENT_NAMES) {
    const accessKeyId = environment[names.id];
    const accessKeySecret = environment[names.secret];
    const securityToken = environment[names.token];
    if (!accessKeyId && !accessKeySecret) continue;
    if (!accessKeyId) return `${names.secret} is set, but ${names.id} is not`;
    if (!accessKeySecret) return `${names.id} is set, but ${names.secret} is not`;
    const credentials = {
      accessKeyId,
      accessKeySecret,
      ...(securityToken ? { securityToken } : {}),
    };
    const problem = mixUp(credentials);
    return problem === undefined ? credentials : `${problem} (${names.id}, ${names.token})`;
  }
  return 'neither ALIBABA_CLOUD_ACCESS_KEY_ID nor OSS_ACCESS_KEY_ID is set';
}

/** The commonest mistakes with these three values, told before STS tells them less clearly. */
function mixUp({ accessKeyId, securityToken }: SourceCredentials): string | undefined {
  const isTemporary = accessKeyId.startsWith(TEMPORARY_KEY_PREFIX);
  if (isTemporary && securityToken === undefined) {
    return 'the AccessKeyId begins with STS., so it is temporary and needs its SecurityToken';
  }
  if (!isTemporary && securityToken !== undefined) {
    return 'there is a SecurityToken, but the AccessKeyId does not begin with STS., so it belongs to a RAM user; take both from one answer of STS, or leave the SecurityToken out';
  }
  return undefined;
}
