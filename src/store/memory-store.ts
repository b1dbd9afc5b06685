/** A store in the memory of one instance. */
import { createMemoryCounter } from './memory-counter.ts';
import { createMemoryReservations } from './memory-reservations.ts';
import type { CounterSettings, Store } from './store.ts';

/** Makes a store that other instances do not share and that is empty after a restart. */
export function createMemoryStore(options: {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): Store {
  const counter = keepCounters(createMemoryCounter);
  return {
    counter,
    localCounter: counter,
    reservations: createMemoryReservations(options),
    warm: async () => {
      await import('rate-limiter-flexible');
    },
    close: async () => {},
  };
}

/** Returns the same counter for the same settings, so that a new config does not reset counts. */
export function keepCounters<T>(
  create: (settings: CounterSettings) => T,
): (settings: CounterSettings) => T {
  const kept = new Map<string, T>();
  return (settings) => {
    const key = `${settings.windowSeconds}:${settings.name}`;
    const counter = kept.get(key) ?? create(settings);
    kept.set(key, counter);
    return counter;
  };
}
