/** Source credentials: what the broker itself signs AssumeRole with, and the two sources that need no renewal. */
import { refuse } from '../refusal.ts';
import { findCredentialProblem } from './checks.ts';

export interface SourceCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Present if and only if the credentials are temporary. */
  readonly securityToken?: string;
  /** Milliseconds since the epoch. Absent: never, or not known. */
  readonly expiresAtMs?: number;
}

export interface SourceCredentialsProvider {
  /**
   * Gives the source credentials as they are now; the same object for as long as they are the
   * same. Throws the refusal `source_credentials_unavailable`.
   */
  readonly get: () => Promise<SourceCredentials>;
  /**
   * To be called when STS does not accept credentials that `get` gave: looks for newer ones, and
   * gives the same ones back if there are none. Throws the refusal `source_credentials_unavailable`.
   */
  readonly renew: (rejected: SourceCredentials) => Promise<SourceCredentials>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Whether two credentials sign alike, whatever is known of their expiry. */
export function isSameKey(one: SourceCredentials, other: SourceCredentials): boolean {
  return (
    one.accessKeyId === other.accessKeyId &&
    one.accessKeySecret === other.accessKeySecret &&
    one.securityToken === other.securityToken
  );
}

/** Source credentials that are written in the code that embeds the broker. Throws on a mix-up. */
export function createStaticCredentials(credentials: SourceCredentials): SourceCredentialsProvider {
  const problem = findCredentialProblem(credentials);
  if (problem !== undefined) throw unavailable(problem);
  return { get: async () => credentials, renew: async () => credentials };
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
export function createEnvironmentCredentials(environment: Environment): SourceCredentialsProvider {
  let current: SourceCredentials | undefined;
  async function get(): Promise<SourceCredentials> {
    const found = readEnvironment(environment);
    if (typeof found === 'string') throw unavailable(found);
    if (current === undefined || !isSameKey(current, found)) current = found;
    return current;
  }
  return { get, renew: get };
}

export const ENVIRONMENT_EMPTY = 'neither ALIBABA_CLOUD_ACCESS_KEY_ID nor OSS_ACCESS_KEY_ID is set';

/** The credentials, or what is wrong with the environment. Names variables, never their values. */
export function readEnvironment(environment: Environment): SourceCredentials | string {
  for (const names of ENVIRONMENT_NAMES) {
    const accessKeyId = environment[names.id];
    const accessKeySecret = environment[names.secret];
    const securityToken = environment[names.token];
    if (!accessKeyId && !accessKeySecret) continue;
    if (!accessKeyId) return `${names.secret} is set, but ${names.id} is not`;
    if (!accessKeySecret) return `${names.id} is set, but ${names.secret} is not`;
    const token = securityToken ? { securityToken } : {};
    const credentials = { accessKeyId, accessKeySecret, ...token };
    const problem = findCredentialProblem(credentials);
    return problem === undefined ? credentials : `${problem} (${names.id}, ${names.token})`;
  }
  return ENVIRONMENT_EMPTY;
}

function unavailable(problem: string) {
  return refuse({ reason: 'source_credentials_unavailable', problem });
}
