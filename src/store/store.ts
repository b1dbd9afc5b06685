/** Types of a store for limits: counters that reset after a window, and reservations. */

/** The count in the open window, and the milliseconds until the window ends. */
export interface Usage {
  readonly used: number;
  readonly leftMs: number;
}

export interface CounterSettings {
  /** Separates the keys of this counter from those of others. */
  readonly name: string;
  readonly windowSeconds: number;
}

export interface Counter {
  /**
   * Adds one. The first count opens the window of its key. Throws StoreUnavailable only if the
   * library that counts cannot be loaded.
   */
  add(key: string): Promise<Usage>;
}

/** Counts in this instance only, so that reading a count is cheap. */
export interface LocalCounter extends Counter {
  /** The count so far; undefined if no window is open. */
  peek(key: string): Promise<Usage | undefined>;
}

/** A hold on a key: the use of a one-time token, or one use of a credential URL. */
export interface Reservation {
  readonly key: string;
  /** Whose token it is. A store with little room gives each subject a share of it. */
  readonly subject: string;
  /** How many may hold the key at once; the same in every reservation of it. Absent: one. */
  readonly holders?: number;
  /** Unique for each request, so that no other request can release the reservation. */
  readonly owner: string;
  readonly lifeMs: number;
}

export interface Reservations {
  /** False if the key already has its maximum of holders. Throws StoreUnavailable if the store does not answer. */
  reserve(reservation: Reservation): Promise<boolean>;
  /** Releases what the owner still holds, if the store answers. Never throws. */
  release(reservation: Reservation): Promise<void>;
}

/** Keeps its counts and reservations when the config changes. */
export interface Store {
  /** Always returns the same counter for the same name and window. */
  readonly counter: (settings: CounterSettings) => Counter;
  readonly localCounter: (settings: CounterSettings) => LocalCounter;
  readonly reservations: Reservations;
  /** Loads libraries and connects before the first request needs it. Never throws. */
  readonly warm: () => Promise<void>;
  /** Closes connections. Never throws. */
  readonly close: () => Promise<void>;
}

/** The store does not answer at the moment. `problem` contains no message of the store. */
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
