/** A map of bounded size, for caches whose keys callers can choose. */

export interface BoundedMap<Value> {
  get(key: string): Value | undefined;
  /** Keeps the value. Drops the oldest entry when the map is full. */
  set(key: string, value: Value): void;
}

/** Makes a map that drops the entry that was set the longest time ago. */
export function createBoundedMap<Value>(maxEntries: number): BoundedMap<Value> {
  const entries = new Map<string, Value>();
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size <= maxEntries) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
  };
}
