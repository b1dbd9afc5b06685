/** Keeps the broker on the newest good config: looked for as requests come, and whenever it is told to. */
import type { Config } from './config/config.ts';
import { ConfigError, formatProblem } from './config/config-problems.ts';
import type { LoadedConfig } from './config/load-config.ts';

type Fetch = (request: Request, env: object) => Response | Promise<Response>;

export interface ReloadingBroker {
  readonly fetch: Fetch;
  /** Opens the config anew. Never throws: a bad one is told of, and the present one stays. */
  reload(): Promise<void>;
}

/** So often, at the most, a request makes the broker look whether the config has changed. */
const CHECK_EVERY_MS = 2000;

/**
 * Wraps the application that `build` makes of a config. No timer is needed, since none runs in a
 * frozen function: a request starts the look, without waiting for it, and is served by the config
 * that is in use. Whatever an application remembers (keys, credentials, policies) goes with its config.
 */
export function createReloadingBroker(options: {
  readonly config: Config;
  readonly build: (config: Config) => { readonly fetch: Fetch };
  /** Opens what the config is now. Throws a ConfigError. */
  readonly open: () => Promise<LoadedConfig>;
  /** Changes whenever the config may have changed, and costs little. */
  readonly readVersion: () => Promise<string>;
  /** The version that `config` was opened at. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly tell: (message: string) => void;
}): ReloadingBroker {
  const { build, open, readVersion, now, tell } = options;
  let current = { revision: options.config.revision, app: build(options.config) };
  let seenVersion = options.version;
  let checkedAtMs = now();
  let isChecking = false;

  async function reload(): Promise<void> {
    try {
      const { config, warnings } = await open();
      if (config.revision === current.revision) return;
      current = { revision: config.revision, app: build(config) };
      for (const warning of warnings) tell(`warning: ${formatProblem(warning)}`);
      tell(`config ${shorten(config.revision)} is in use`);
    } catch (error) {
      const problem = error instanceof ConfigError ? error.message : 'the config cannot be opened';
      tell(
        `${problem}\nthe new config is refused; config ${shorten(current.revision)} stays in use`,
      );
    }
  }

  async function check(): Promise<void> {
    try {
      const version = await readVersion();
      if (version === seenVersion) return;
      seenVersion = version;
      await reload();
    } catch {
      // nothing can be told of the version: the next look will
    } finally {
      isChecking = false;
    }
  }

  return {
    fetch(request, env) {
      const nowMs = now();
      if (!isChecking && Math.abs(nowMs - checkedAtMs) >= CHECK_EVERY_MS) {
        checkedAtMs = nowMs;
        isChecking = true;
        void check();
      }
      return current.app.fetch(request, env);
    },
    reload,
  };
}

function shorten(revision: string): string {
  return revision.slice(0, 12);
}
