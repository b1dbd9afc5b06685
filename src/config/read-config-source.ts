/** Where the config's text is: in a file, or in an environment variable. */
import { ConfigError } from './config-problems.ts';

export interface ConfigSource {
  readonly text: string;
  /** What problems are told to be in. */
  readonly file: string;
}

const DEFAULT_FILE = './broker.yaml';

/** The file that the config is read from; undefined if its text is in the environment itself. */
export function configFileOf(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return environment['BROKER_CONFIG_YAML']
    ? undefined
    : environment['BROKER_CONFIG'] || DEFAULT_FILE;
}

/**
 * Reads the text in `BROKER_CONFIG_YAML`, or else the file that `BROKER_CONFIG` names. Throws a
 * ConfigError that says what to do if there is neither.
 */
export async function readConfigSource(options: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => Promise<string>;
}): Promise<ConfigSource> {
  const { environment, readFile } = options;
  const file = configFileOf(environment);
  if (file === undefined) {
    return { text: environment['BROKER_CONFIG_YAML'] ?? '', file: 'BROKER_CONFIG_YAML' };
  }
  try {
    return { text: await readFile(file), file };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    const message = `cannot be read${code}; set BROKER_CONFIG to the path of the config, or BROKER_CONFIG_YAML to its text`;
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
  }
}
