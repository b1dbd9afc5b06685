/** The settings of the store that counts limits and remembers one-time tokens. */

export interface StoreSettings {
  /**
   * The name of the environment variable that holds the `redis://` or `rediss://` URL. Only its
   * name is here: the URL holds a password, and the config is hashed, compiled to a file and printed.
   */
  readonly redisUrlFrom: string;
  /** How long a request waits for one Redis operation, in milliseconds. */
  readonly timeoutMs: number;
  /** The prefix of every Redis key. */
  readonly prefix: string;
  /** What happens to one-time tokens while Redis is down. */
  readonly oneTimeTokensWhenDown: 'refuse' | 'memory';
}
