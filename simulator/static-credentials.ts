/** Source credentials that are written in code, for brokers that run beside the simulator. */
import type { SourceCredentials, SourceCredentialsProvider } from '../src/ports.ts';

/** Gives the same credentials for good. */
export function createStaticCredentials(credentials: SourceCredentials): SourceCredentialsProvider {
  return { get: async () => credentials, renew: async () => credentials };
}
