/** Keeps the broker on the newest good config: looked for as requests come, and whenever it is told to. */
import type { Config } from './config/config.ts';
import { ConfigError, formatProblem } from './config-loader/config-problems.ts';
import type { LoadedConfig } from './config-loader/load-config.ts';
import type { ConfigSource, ConfigText } from './config-loader/source/config-source.ts';
import type { Observe } from './observe/event.ts';

type Fetch = (request: Request, env: object) => Response | Promise<Response>;

export interface ReloadingBroker {
  readonly fetch: Fetch;
  /** Reads the config anew. Never throws: a bad one is reported, and the present one stays in use. */
  reload(): Promise<void>;
}

/**
 * Wraps the application that `build` makes of a config. No timer is needed, since none runs in a
 * frozen function: a request starts the look, without waiting for it, and is served by the config
 * that is in use. Credentials and policies that an application remembers go with its config.
 */
export function createReloadingBroker(options: {
  readonly config: Config;
  readonly build: (config: Config) => { readonly fetch: Fetch };
  /** What `config` was read from. */
  readonly source: ConfigSource;
  /** Throws a ConfigError. */
  readonly parse: (text: ConfigText) => Promise<LoadedConfig>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly observe: Observe;
}): ReloadingBroker {
  const { build, source, parse, now, observe } = options;
  let current = { revision: options.config.revision, app: build(options.config) };
  let checkedAtMs = now();
  let isChecking = false;
  /** One at a time, so that what was read first is not taken up last. */
  let looking: Promise<void> = Promise.resolve();
  let knownProblem: string | undefined;

  async function take(text: ConfigText): Promise<void> {
    const { config, warnings } = await parse(text);
    if (config.revision === current.revision) return;
    current = { revision: config.revision, app: build(config) };
    for (const warning of warnings) {
      observe({ kind: 'config_warning', warning: formatProblem(warning) });
    }
    observe({ kind: 'config_taken', revision: config.revision });
  }

  async function look(read: ConfigSource['readChange']): Promise<void> {
    try {
      const text = await read();
      if (text !== undefined) await take(text);
      knownProblem = undefined;
    } catch (error) {
      const problem = error instanceof ConfigError ? error.message : 'the config cannot be read';
      // not again with every look while it lasts
      if (problem === knownProblem) return;
      knownProblem = problem;
      observe({ kind: 'config_refused', problem, revisionInUse: current.revision });
    }
  }

  function lookNext(read: ConfigSource['readChange']): Promise<void> {
    looking = looking.then(() => look(read));
    return looking;
  }

  async function check(): Promise<void> {
    await lookNext(source.readChange);
    isChecking = false;
  }

  return {
    fetch(request, env) {
      const nowMs = now();
      if (!isChecking && Math.abs(nowMs - checkedAtMs) >= source.checkEveryMs) {
        checkedAtMs = nowMs;
        isChecking = true;
        void check();
      }
      return current.app.fetch(request, env);
    },
    reload() {
      knownProblem = undefined;
      return lookNext(source.read);
    },
  };
}
