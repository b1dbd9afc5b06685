/** Opens the config that the broker runs with: a compiled one as it is, any other through the loader. */
import { readCompiledConfig } from './compiled-config.ts';
import type { LoadedConfig } from './load-config.ts';
import { readConfigSource } from './read-config-source.ts';

/** Throws a ConfigError. The loader, its YAML parser and its schema are loaded only if needed. */
export async function openConfig(options: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => Promise<string>;
}): Promise<LoadedConfig> {
  const { environment } = options;
  const { text, file } = await readConfigSource(options);
  if (file.endsWith('.json')) return { config: readCompiledConfig(text, file), warnings: [] };
  const { loadConfig } = await import('./load-config.ts');
  return loadConfig({ text, file, environment });
}
