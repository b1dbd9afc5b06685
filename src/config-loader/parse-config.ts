/** From the config's text to the config: a compiled one as it is, any other through the loader. */
import { readCompiledConfig } from './compiled-config.ts';
import type { LoadedConfig } from './load-config.ts';

/** Throws a ConfigError. The loader, its YAML parser and its schema are loaded only if needed. */
export async function parseConfig(options: {
  readonly text: string;
  /** What problems are told to be in; one that ends in `.json` is a compiled config. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Promise<LoadedConfig> {
  const { text, file } = options;
  if (file.endsWith('.json')) return { config: readCompiledConfig(text, file), warnings: [] };
  const { loadConfig } = await import('./load-config.ts');
  return loadConfig(options);
}
