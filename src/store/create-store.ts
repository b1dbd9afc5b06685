/** The store that the config asks for. */
import type { StoreSettings } from '../config/store-settings.ts';
import type { Observe } from '../observe/event.ts';
import { createMemoryStore } from './memory-store.ts';
import { createRedisClient, readRedisUrl } from './redis-client.ts';
import { createRedisStore } from './redis-store.ts';
import type { Store } from './store.ts';

export interface CreateStoreOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  readonly observe: Observe;
}

/** What keeps the store from being made, for the operator; undefined if nothing does. */
export function findStoreProblem(
  settings: StoreSettings | undefined,
  environment: CreateStoreOptions['environment'],
): string | undefined {
  if (settings === undefined) return undefined;
  const { redisUrlFrom } = settings;
  const url = environment[redisUrlFrom];
  if (url === undefined || url === '') {
    return `store.redisUrlFrom: the environment variable ${redisUrlFrom} is not set`;
  }
  // the URL itself holds a password and is not shown
  return readRedisUrl(url) === undefined
    ? `store.redisUrlFrom: ${redisUrlFrom} is no URL like rediss://user:password@host:6379/0`
    : undefined;
}

/** Redis where the config names it, else memory. Connects to nothing yet. Throws on what findStoreProblem finds. */
export function createStore(
  settings: StoreSettings | undefined,
  options: CreateStoreOptions,
): Store {
  if (settings === undefined) return createMemoryStore(options);
  const problem = findStoreProblem(settings, options.environment);
  const address = readRedisUrl(options.environment[settings.redisUrlFrom] ?? '');
  if (address === undefined) throw new Error(problem);
  const { prefix, timeoutMs, oneTimeTokensWhenDown } = settings;
  return createRedisStore({
    client: createRedisClient(address),
    prefix,
    timeoutMs,
    reservationsWhenDown: oneTimeTokensWhenDown,
    now: options.now,
    random: options.random,
    observe: options.observe,
  });
}
