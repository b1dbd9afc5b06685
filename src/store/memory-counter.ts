/** Counters of bounded size in the memory of one instance. */
import type { RateLimiterMemory } from 'rate-limiter-flexible';
import { type CounterSettings, type LocalCounter, StoreUnavailable } from './store.ts';

/** One key takes about 400 bytes. */
const MAX_KEYS = 50_000;

const RETRY_AFTER_MS = 1000;

/**
 * Makes a counter. It drops the oldest window above `maxKeys` keys, so that a flood of keys costs
 * precision and not memory.
 */
export function createMemoryCounter(
  { name, windowSeconds }: CounterSettings,
  maxKeys = MAX_KEYS,
): LocalCounter {
  let loading: Promise<RateLimiterMemory> | undefined;
  /** In the order in which their windows opened. All windows have the same length. */
  const openKeys = new Set<string>();

  async function load(): Promise<RateLimiterMemory> {
    const { RateLimiterMemory } = await import('rate-limiter-flexible');
    // no points: the code that reads the count applies the limit
    return new RateLimiterMemory({ keyPrefix: name, points: 0, duration: windowSeconds });
  }

  async function limiter(): Promise<RateLimiterMemory> {
    loading ??= load();
    try {
      return await loading;
    } catch {
      // the next request tries again
      loading = undefined;
      const problem = 'a library cannot be loaded: too many files are open, or they cannot be read';
      throw new StoreUnavailable(problem, RETRY_AFTER_MS);
    }
  }

  return {
    async add(key) {
      const memory = await limiter();
      // unlike consume, penalty does not throw above the limit
      const { consumedPoints, msBeforeNext } = await memory.penalty(key);
      if (consumedPoints === 1) {
        openKeys.delete(key);
        openKeys.add(key);
      }
      if (openKeys.size > maxKeys) {
        const [oldest = key] = openKeys;
        openKeys.delete(oldest);
        await memory.delete(oldest);
      }
      return { used: consumedPoints, leftMs: msBeforeNext };
    },
    async peek(key) {
      const found = await (await limiter()).get(key);
      // a window ends by the clock; the cleanup timer may be late after the function was frozen
      return found === null || found.msBeforeNext <= 0
        ? undefined
        : { used: found.consumedPoints, leftMs: found.msBeforeNext };
    },
  };
}
