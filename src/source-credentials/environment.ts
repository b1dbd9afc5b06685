/** Reads source credentials from the environment: the names of the Alibaba Cloud SDKs, then those of the OSS SDKs. */
import { isSameKey } from '../lib/is-same-key.ts';
import type { SourceCredentials, SourceCredentialsProvider } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { findCredentialProblem } from './credential-problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The two families of names, in order of precedence. */
const ENVIRONMENT_NAMES = [
  {
    id: 'ALIBABA_CLOUD_ACCESS_KEY_ID',
    secret: 'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
    token: 'ALIBABA_CLOUD_SECURITY_TOKEN',
  },
  { id: 'OSS_ACCESS_KEY_ID', secret: 'OSS_ACCESS_KEY_SECRET', token: 'OSS_SESSION_TOKEN' },
] as const;

/** Makes the provider. It reads the environment at each call, and never mixes the two families. */
export function createEnvironmentCredentials(environment: Environment): SourceCredentialsProvider {
  let current: SourceCredentials | undefined;
  async function get(): Promise<SourceCredentials> {
    const found = readEnvironment(environment);
    if (typeof found === 'string') {
      throw refuse({ reason: 'source_credentials_unavailable', problem: found });
    }
    if (current === undefined || !isSameKey(current, found)) current = found;
    return current;
  }
  return { get, renew: get };
}

export const ENVIRONMENT_EMPTY = 'neither ALIBABA_CLOUD_ACCESS_KEY_ID nor OSS_ACCESS_KEY_ID is set';

/** Returns the credentials, or says what is wrong with the environment without quoting values. */
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
