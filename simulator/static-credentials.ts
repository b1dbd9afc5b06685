/** Provides fixed source credentials, for brokers that run beside the simulator. */
import type { SourceCredentials, SourceCredentialsProvider } from '../src/ports.ts';

/** Makes a provider that always returns the same credentials. */
export function createStaticCredentials(credentials: SourceCredentials): SourceCredentialsProvider {
  return { get: async () => credentials, renew: async () => credentials };
}
