/** Keeps the broker on the newest valid config: checks for changes on requests, and reloads on demand. */
import type { Config } from './config/config.ts';
import { ConfigError, formatProblem } from './config-loader/config-problems.ts';
import type { LoadedConfig } from './config-loader/load-config.ts';
import type { ConfigSource, ConfigText } from './config-loader/source/config-source.ts';
import { describeDefect } from './lib/describe-defect.ts';
import { withinDeadline } from './lib/within-deadline.ts';
import type { Observe } from './observe/event.ts';

/** No broker could be built from a valid config. The message names a defect, and quotes nothing. */
class BuildError extends Error {
  override name = 'BuildError';
}

/**
 * After this long without a check, requests wait for one: an instance that was idle, or frozen, must
 * enforce the kill switches that were set meanwhile.
 */
const USED_UNCHECKED_MS = 60_000;
/** How long a request waits for such a check. A source that fails must not stop the broker. */
export const MAX_WAIT_MS = 1500;

type Fetch = (request: Request, env: object) => Response | Promise<Response>;

export interface ReloadingBroker {
  readonly fetch: Fetch;
  /** Loads what the first request would have to wait for. Never throws. */
  warmUp(): Promise<void>;
  /**
   * Reads the config again, and reports which one is in use. Never throws: a bad config is reported, and
   * the current one stays in use.
   */
  reload(): Promise<void>;
}

/**
 * Wraps the application that `build` makes from a config. It needs no timer, since none runs in a
 * frozen function: a request starts the check, and is served by the config in use. It waits for the
 * check only after a minute without one. A new config discards the credentials and policies that the
 * old application cached.
 */
export function createReloadingBroker(options: {
  readonly config: Config;
  readonly build: (config: Config) => { readonly fetch: Fetch; warmUp(): Promise<void> };
  /** The source that `config` was read from. */
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
  /** When the last check was asked for that has ended, or when waiting for one ended. */
  let askedAtMs = now();
  let checking: Promise<void> | undefined;
  /** One read at a time, so that an older config cannot replace a newer one. */
  let lastRead: Promise<void> = Promise.resolve();
  let knownProblem: string | undefined;
  /** Whether the operator knows of a config that is not in use, and whether there is one. */
  let isToldRefused = false;
  let isTextRefused = false;

  /** Returns whether the text is a new config. */
  async function apply(text: ConfigText): Promise<boolean> {
    isTextRefused = true;
    const { config, warnings } = await parse(text);
    const isNew = config.revision !== current.revision;
    if (isNew) use(config, warnings);
    isTextRefused = false;
    return isNew;
  }

  function use(config: Config, warnings: LoadedConfig['warnings']): void {
    current = { revision: config.revision, app: buildFrom(config) };
    for (const warning of warnings) {
      observe({ kind: 'config_warning', warning: formatProblem(warning) });
    }
    observe({ kind: 'config_applied', revision: config.revision });
    isToldRefused = false;
  }

  function buildFrom(config: Config) {
    try {
      return build(config);
    } catch (error) {
      throw new BuildError(describeDefect(error));
    }
  }

  /** A reload that the operator asked for is always reported, even if nothing has changed. */
  async function readAndApply(read: ConfigSource['readChange'], isAsked: boolean): Promise<void> {
    const startedAtMs = now();
    try {
      const text = await read();
      const isNew = text !== undefined && (await apply(text));
      knownProblem = undefined;
      // the config in use is back, so nothing was applied
      const isBack = isToldRefused && !isTextRefused;
      if (isNew || !(isBack || isAsked)) return;
      isToldRefused = false;
      observe({ kind: 'config_applied', revision: current.revision });
    } catch (error) {
      const problem = describeProblem(error);
      // a lasting problem is reported once
      if (problem === knownProblem) return;
      knownProblem = problem;
      observe({ kind: 'config_refused', problem, revisionInUse: current.revision });
      isToldRefused = true;
    } finally {
      askedAtMs = startedAtMs;
    }
  }

  function queueRead(read: ConfigSource['readChange'], isAsked: boolean): Promise<void> {
    lastRead = lastRead.then(() => readAndApply(read, isAsked));
    return lastRead;
  }

  /** Starts a check if one is due. */
  function check(): void {
    const nowMs = now();
    if (checking !== undefined || Math.abs(nowMs - checkedAtMs) < source.checkEveryMs) return;
    checkedAtMs = nowMs;
    checking = queueRead(source.readChange, false).finally(() => {
      checking = undefined;
    });
  }

  function isUsedUnchecked(): boolean {
    return Math.abs(now() - askedAtMs) < USED_UNCHECKED_MS;
  }

  /** A check that was frozen with the function says nothing of the present, so a new one follows it. */
  async function waitForCheck(): Promise<void> {
    const untilChecked = async () => {
      while (checking !== undefined && !isUsedUnchecked()) {
        await checking;
        check();
      }
    };
    await withinDeadline(untilChecked(), MAX_WAIT_MS, () => new Error('not in time')).catch(() => {
      // a source that never answers costs one wait a minute, and not one for each request
      askedAtMs = now();
    });
  }

  return {
    fetch(request, env) {
      check();
      if (checking === undefined || isUsedUnchecked()) return current.app.fetch(request, env);
      return waitForCheck().then(() => current.app.fetch(request, env));
    },
    warmUp: () => current.app.warmUp(),
    reload() {
      knownProblem = undefined;
      return queueRead(source.read, true);
    },
  };
}

function describeProblem(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof BuildError)) return 'the config cannot be read';
  return `no broker can be built from the config, a defect of oss-token-broker: ${error.message}`;
}
