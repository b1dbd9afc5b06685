/** Parses the text of a config: reads a compiled config as it is, and loads any other with the loader. */
import { readCompiledConfig } from './compiled-config.ts';
import type { LoadedConfig } from './load-config.ts';

/**
 * Throws a ConfigError. The loader, its YAML parser and its schema are imported only if needed, and so
 * is what checks assertions.
 */
export async function parseConfig(options: {
  readonly text: string;
  /** The name of the config in reported problems. A name that ends in `.json` is a compiled config. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Promise<LoadedConfig> {
  const { text, file } = options;
  if (file.endsWith('.json')) return { config: readCompiledConfig(text, file), warnings: [] };
  const { loadConfig } = await import('./load-config.ts');
  if (!text.includes('assert')) return loadConfig(options);
  const { checkAssertions } = await import('../prove/check-assertions.ts');
  return loadConfig({ ...options, checkAssertions });
}
