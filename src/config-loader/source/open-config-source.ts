/** Opens the config source that the environment names: text, a file, or an object in OSS. */
import type { CreateConfigCredentials } from './config-credentials.ts';
import type { ConfigSource } from './config-source.ts';
import { createFileSource, createFixedSource } from './text-source.ts';

const DEFAULT_FILE = './broker.yaml';

/**
 * Opens the text in `BROKER_CONFIG_YAML`. If that is not set, opens what `BROKER_CONFIG` names: a
 * path, or `oss://bucket/key`. Reads nothing yet. Throws a ConfigError if the settings for an object
 * in OSS are invalid.
 */
export async function openConfigSource(options: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly createCredentials: CreateConfigCredentials;
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): Promise<ConfigSource> {
  const { environment } = options;
  const text = environment['BROKER_CONFIG_YAML'];
  if (text) return createFixedSource(text, 'BROKER_CONFIG_YAML');
  const place = environment['BROKER_CONFIG'] || DEFAULT_FILE;
  if (!place.startsWith('oss://')) return createFileSource(place);
  const { createOssSource } = await import('./oss-source.ts');
  const { createCredentials, fetch, now } = options;
  return createOssSource({ place, environment, createCredentials, fetch, now });
}
