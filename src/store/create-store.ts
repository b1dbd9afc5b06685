/** Creates the store that the config names. */
import type { StoreSettings } from '../config/store-settings.ts';
import type { Observe } from '../observe/event.ts';
import { createMemoryStore } from './memory-store.ts';
import { createRedisClient, readRedisUrl } from './redis-client.ts';
import { createRedisStore } from './redis-store.ts';
import type { Store } from './store.ts';

const EXAMPLE_URL = 'rediss://user:password@host:6379/0';

export interface CreateStoreOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  readonly observe: Observe;
}

/** Says why the store cannot be created, for the operator; undefined if it can be. */
export function findStoreProblem(
  settings: StoreSettings | undefined,
  environment: CreateStoreOptions['environment'],
): string | undefined {
  if (settings === undefined) return undefined;
  const { redisUrlFrom } = settings;
  const url = environment[redisUrlFrom];
  if (url === undefined || url === '') {
    return `store.redisUrlFrom: the environment variable ${redisUrlFrom} is not set; set it to a URL like ${EXAMPLE_URL}`;
  }
  // the URL contains a password and is not shown
  return readRedisUrl(url) === undefined
    ? `store.redisUrlFrom: the environment variable ${redisUrlFrom} is not a URL like ${EXAMPLE_URL}`
    : undefined;
}

/** Returns Redis if the config names it, else memory. Does not connect. Throws what findStoreProblem finds. */
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
