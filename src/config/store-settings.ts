/** Where limits are counted, as the config says it. */

export interface StoreSettings {
  /**
   * The name of the environment variable that holds the `redis://` or `rediss://` URL. Only its
   * name: the URL holds a password, and the config is hashed, compiled to a file and printed.
   */
  readonly redisUrlFrom: string;
  /** How long a request waits for one operation, in milliseconds. */
  readonly timeoutMs: number;
  /** Begins every key. */
  readonly prefix: string;
  /** What becomes of one-time tokens while Redis is down. */
  readonly oneTimeTokensWhenDown: 'refuse' | 'memory';
}
