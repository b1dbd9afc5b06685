/** Reads the config from a file, or from text in the environment. */
import { readFile, stat } from 'node:fs/promises';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import { ConfigError } from '../config-problems.ts';
import type { ConfigSource } from './config-source.ts';

/** A check of a file is cheap. */
const CHECK_EVERY_MS = 2000;

/** Creates the source for a file that may change while the broker runs. */
export function createFileSource(file: string): ConfigSource {
  let givenVersion: string | undefined;

  async function read() {
    try {
      // read before the text, so that a change in between is detected
      const version = await readVersion(file);
      const text = await readFile(file, 'utf8');
      givenVersion = version;
      return { text, file };
    } catch (error) {
      throw unreadable(file, error);
    }
  }

  return {
    checkEveryMs: CHECK_EVERY_MS,
    read,
    async readChange() {
      const version = await readVersion(file).catch((error: unknown) => {
        throw unreadable(file, error);
      });
      return version === givenVersion ? undefined : read();
    },
  };
}

/** Creates the source for text that never changes: the environment of a running process is fixed. */
export function createFixedSource(text: string, file: string): ConfigSource {
  return {
    checkEveryMs: Number.POSITIVE_INFINITY,
    read: async () => ({ text, file }),
    readChange: async () => undefined,
  };
}

/** The version changes with the file, and with the file that a symbolic link points to. */
async function readVersion(file: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(file);
  return `${mtimeMs}:${size}:${ino}`;
}

function unreadable(file: string, error: unknown): ConfigError {
  const code = systemErrorCode(error);
  const message = `cannot be read${code === undefined ? '' : ` (${code})`}; set BROKER_CONFIG to the path of the config, or BROKER_CONFIG_YAML to its text`;
  return new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
}
