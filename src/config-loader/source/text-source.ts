/** The config in a file, or as text in the environment. */
import { readFile, stat } from 'node:fs/promises';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import { ConfigError } from '../config-problems.ts';
import type { ConfigSource } from './config-source.ts';

/** To look at a file costs little. */
const CHECK_EVERY_MS = 2000;

/** A file that may change while the broker runs. */
export function createFileSource(file: string): ConfigSource {
  let givenVersion: string | undefined;

  async function read() {
    try {
      // before the text, so that a change in between is noticed rather than missed
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

/** Text that stays what it is: a process cannot be given another environment. */
export function createFixedSource(text: string, file: string): ConfigSource {
  return {
    checkEveryMs: Number.POSITIVE_INFINITY,
    read: async () => ({ text, file }),
    readChange: async () => undefined,
  };
}

/** Changes with the file, or with what a symbolic link to it points to. */
async function readVersion(file: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(file);
  return `${mtimeMs}:${size}:${ino}`;
}

function unreadable(file: string, error: unknown): ConfigError {
  const code = systemErrorCode(error);
  const message = `cannot be read${code === undefined ? '' : ` (${code})`}; set BROKER_CONFIG to the path of the config, or BROKER_CONFIG_YAML to its text`;
  return new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
}
