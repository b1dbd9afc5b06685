/** A queue in which each caller has a line of its own, and the lines take turns. */

/** The most requests of one caller that may wait. */
const MAX_OF_CALLER = 50;
/** Once this many wait in all, only the first request of each caller may wait. */
const CROWDED = 1000;
/** One waiting request takes about 4 KiB, so the queue stays below 8 MiB. */
const MAX_WAITING = 2000;

export interface TurnQueue<Item> {
  /** False, and nothing is added, if too many are waiting. */
  readonly add: (caller: string, item: Item) => boolean;
  /** Puts back an item whose call was throttled. It comes first in its caller's line. */
  readonly putBack: (caller: string, item: Item) => void;
  /** Takes the first item of the line whose turn it is, among those of callers that `mayGo`. */
  readonly take: (mayGo: (caller: string) => boolean) => Item | undefined;
  readonly remove: (caller: string, item: Item) => void;
  readonly removeAll: () => readonly Item[];
}

/** Makes an empty queue. */
export function createTurnQueue<Item>(): TurnQueue<Item> {
  /** The line whose turn it is comes first. No line is empty. */
  const lines = new Map<string, Item[]>();
  let waiting = 0;

  function keep(caller: string, line: Item[]): void {
    if (line.length === 0) lines.delete(caller);
    else lines.set(caller, line);
  }

  return {
    add(caller, item) {
      const line = lines.get(caller) ?? [];
      const most = waiting < CROWDED ? MAX_OF_CALLER : 1;
      if (line.length >= most || waiting >= MAX_WAITING) return false;
      keep(caller, [...line, item]);
      waiting += 1;
      return true;
    },
    putBack(caller, item) {
      keep(caller, [item, ...(lines.get(caller) ?? [])]);
      waiting += 1;
    },
    take(mayGo) {
      for (const [caller, [item, ...rest]] of lines) {
        if (item === undefined || !mayGo(caller)) continue;
        lines.delete(caller);
        keep(caller, rest);
        waiting -= 1;
        return item;
      }
      return undefined;
    },
    remove(caller, item) {
      const line = lines.get(caller) ?? [];
      const rest = line.filter((one) => one !== item);
      waiting -= line.length - rest.length;
      keep(caller, rest);
    },
    removeAll() {
      const items = [...lines.values()].flat();
      lines.clear();
      waiting = 0;
      return items;
    },
  };
}
