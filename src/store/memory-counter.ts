/** Counters in the memory of this instance, of bounded size. */
import type { CounterSettings, LocalCounter, Usage } from './store.ts';

/** One key takes about 200 bytes. */
const MAX_KEYS = 50_000;

interface Window {
  readonly openedAtMs: number;
  readonly used: number;
}

/**
 * Makes a counter. With more than `maxKeys` keys at once the window that was opened first is
 * forgotten, so that a flood of keys costs some precision and never the memory.
 */
export function createMemoryCounter(
  { windowSeconds }: Pick<CounterSettings, 'windowSeconds'>,
  options: {
    /** Milliseconds since the epoch. */
    readonly now: () => number;
    readonly maxKeys?: number;
  },
): LocalCounter {
  const { now, maxKeys = MAX_KEYS } = options;
  const windowMs = windowSeconds * 1000;
  /** In the order in which they were opened. All are equally long. */
  const windows = new Map<string, Window>();

  /** By the clock alone: no timer runs in a frozen function. A clock that was set back makes no window longer. */
  function isOpen({ openedAtMs }: Window, nowMs: number): boolean {
    return openedAtMs <= nowMs && nowMs < openedAtMs + windowMs;
  }

  function toUsage({ openedAtMs, used }: Window, nowMs: number): Usage {
    return { used, leftMs: openedAtMs + windowMs - nowMs };
  }

  function forgetOldest(nowMs: number): void {
    for (const [key, window] of windows) {
      if (windows.size <= maxKeys && isOpen(window, nowMs)) return;
      windows.delete(key);
    }
  }

  return {
    async add(key) {
      const nowMs = now();
      const found = windows.get(key);
      const isNew = found === undefined || !isOpen(found, nowMs);
      const window = isNew ? { openedAtMs: nowMs, used: 1 } : { ...found, used: found.used + 1 };
      if (isNew) windows.delete(key);
      windows.set(key, window);
      if (isNew) forgetOldest(nowMs);
      return toUsage(window, nowMs);
    },
    async peek(key) {
      const nowMs = now();
      const found = windows.get(key);
      return found === undefined || !isOpen(found, nowMs) ? undefined : toUsage(found, nowMs);
    },
  };
}
