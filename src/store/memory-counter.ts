/** Counters in the memory of this instance, of bounded size. */
import type { RateLimiterMemory } from 'rate-limiter-flexible';
import type { CounterSettings, LocalCounter } from './store.ts';

/** One key takes about 400 bytes. */
const MAX_KEYS = 50_000;

/**
 * Makes a counter. With more than `maxKeys` keys at once the window that was opened first is
 * forgotten, so that a flood of keys costs some precision and never the memory.
 */
export function createMemoryCounter(
  { name, windowSeconds }: CounterSettings,
  maxKeys = MAX_KEYS,
): LocalCounter {
  let loading: Promise<RateLimiterMemory> | undefined;
  /** In the order in which their windows were opened. All windows are equally long. */
  const openKeys = new Set<string>();

  async function load(): Promise<RateLimiterMemory> {
    const { RateLimiterMemory } = await import('rate-limiter-flexible');
    // the limit itself is the business of whoever reads the count
    return new RateLimiterMemory({ keyPrefix: name, points: 0, duration: windowSeconds });
  }

  async function limiter(): Promise<RateLimiterMemory> {
    loading ??= load();
    try {
      return await loading;
    } catch (error) {
      // as with no file descriptor left: that is for the request that met it alone
      loading = undefined;
      throw error;
    }
  }

  return {
    async add(key) {
      const memory = await limiter();
      // unlike consume, penalty does not reject beyond the limit
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
      // windows end by the clock; the timer that tidies up may be late after the function was frozen
      return found === null || found.msBeforeNext <= 0
        ? undefined
        : { used: found.consumedPoints, leftMs: found.msBeforeNext };
    },
  };
}
