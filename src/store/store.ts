/** What limits need of a store: counters that start again after a window, and reservations that only one can hold. */

/** How often something was counted in the window that is open, and when that window ends. */
export interface Usage {
  readonly used: number;
  readonly leftMs: number;
}

export interface CounterSettings {
  /** Keeps the keys of one counter apart from those of others. */
  readonly name: string;
  readonly windowSeconds: number;
}

export interface Counter {
  /** Counts one. The first one opens the window of its key. Never throws. */
  add(key: string): Promise<Usage>;
}

/** Counts for this instance alone, so that looking costs nothing. */
export interface LocalCounter extends Counter {
  /** What was counted so far; undefined where no window is open. */
  peek(key: string): Promise<Usage | undefined>;
}

/** Something that can be held once: the use of a one-time token. */
export interface Reservation {
  readonly key: string;
  /** Made by the broker for one request, so that no other request can release the reservation. */
  readonly owner: string;
  readonly lifeMs: number;
}

export interface Reservations {
  /** False if somebody else holds the key. Throws StoreUnavailable if the store does not answer. */
  reserve(reservation: Reservation): Promise<boolean>;
  /** Gives the key back, if the owner still holds it and the store can be reached. Never throws. */
  release(reservation: Reservation): Promise<void>;
}

/** Outlives the configs that it is used with, and what was counted under them. */
export interface Store {
  /** The counter of that name and window: always the same one. */
  readonly counter: (settings: CounterSettings) => Counter;
  readonly localCounter: (settings: CounterSettings) => LocalCounter;
  readonly reservations: Reservations;
  /** Loads and connects what the first request would otherwise wait for. Never throws. */
  readonly warm: () => Promise<void>;
  /** Lets connections go. Never throws. */
  readonly close: () => Promise<void>;
}

/** The store cannot answer at the moment. Holds nothing of what it said. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly problem: string;
  readonly retryAfterMs: number;

  constructor(problem: string, retryAfterMs: number) {
    super(problem);
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}
