/** Writes and reads compiled configs: JSON that was checked before deployment, and loads without a YAML parser or a schema. */
import type { Config } from '../config/config.ts';
import { ConfigError } from './config-problems.ts';
import { freezeDeeply } from './freeze-deeply.ts';
import { hashConfig } from './hash-config.ts';

/** Returns the text of a compiled config. */
export function writeCompiledConfig(config: Config): string {
  return `${JSON.stringify(config)}\n`;
}

/**
 * Reads a compiled config. Its revision is the hash of everything else in it, so a file that was
 * edited by hand or truncated does not load. Throws a ConfigError.
 */
export function readCompiledConfig(text: string, file: string): Config {
  const config = parse(text);
  if (config === undefined) {
    const message = 'is not what compile wrote; edit broker.yaml instead, and compile it again';
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
  }
  return freezeDeeply(config);
}

function parse(text: string): Config | undefined {
  try {
    const config: Config = JSON.parse(text);
    const { revision, ...content } = config;
    return revision === hashConfig(content) ? config : undefined;
  } catch {
    return undefined;
  }
}
