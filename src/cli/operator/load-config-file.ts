/** Loads the config that an operator names, and tells every problem of it. */
import { readFileSync } from 'node:fs';
import { ConfigError, formatProblem } from '../../config-loader/config-problems.ts';
import { type LoadedConfig, loadConfig } from '../../config-loader/load-config.ts';
import { checkAssertions } from '../../prove/check-assertions.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { attempt } from './attempt.ts';

export interface ConfigFile extends LoadedConfig {
  /** As it was named. */
  readonly file: string;
  readonly text: string;
}

/** Tells the warnings. Throws a CliError with all problems, each with its file and line. */
export function loadConfigFile(file: string, { environment, tell }: Machine): ConfigFile {
  const text = attempt(
    () => readFileSync(file, 'utf8'),
    (code) => `${file} cannot be read (${code}); name the config`,
  );
  try {
    const loaded = loadConfig({ text, file, environment, checkAssertions });
    for (const warning of loaded.warnings) tell(`warning: ${formatProblem(warning)}`);
    return { ...loaded, file, text };
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(EXIT.failed, error.message);
    throw error;
  }
}
