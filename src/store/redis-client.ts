/** A connection to Redis (or Tair) that opens on first use and is replaced when it is lost. */
import type { Redis, RedisOptions } from 'ioredis';

export interface RedisClient {
  /** Runs the operation on the open connection or on a new one. Throws what the operation throws. */
  use<T>(operate: (redis: Redis) => Promise<T>): Promise<T>;
  /** Closes the connection. The next use opens a new one. */
  drop(): void;
}

const CONNECT_TIMEOUT_MS = 1000;
const ENDED = ['close', 'end'];
const PROTOCOLS = ['redis:', 'rediss:'];

/**
 * Reads a Redis URL; undefined if it is not one. A URL with a query is refused too: its options would
 * have no effect.
 */
export function readRedisUrl(text: string): RedisOptions | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  const database = /^\/?(\d{0,4})$/.exec(pathname)?.[1];
  const isUsable = PROTOCOLS.includes(protocol) && hostname !== '' && database !== undefined;
  if (!isUsable || search !== '' || hash !== '') return undefined;
  const secrets = { username: decode(username), password: decode(password) };
  if (secrets.username === undefined || secrets.password === undefined) return undefined;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6379 : Number(port),
    db: Number(database),
    ...(secrets.username === '' ? {} : { username: secrets.username }),
    ...(secrets.password === '' ? {} : { password: secrets.password }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Opens nothing before the first use. ioredis must not reconnect: its timers do not run in a frozen function. */
export function createRedisClient(address: RedisOptions): RedisClient {
  let current: { readonly redis: Redis; cause?: unknown } | undefined;

  async function connection() {
    const { Redis } = await import('ioredis');
    if (current !== undefined && !ENDED.includes(current.redis.status)) return current;
    const redis = new Redis({
      ...address,
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      retryStrategy: () => null,
      // a command that may have run already must not run twice
      autoResendUnfulfilledCommands: false,
      // both would add round trips before the first command
      enableReadyCheck: false,
      disableClientInfo: true,
    });
    const opened: typeof current = { redis };
    // without a listener, ioredis prints the error
    redis.on('error', (error) => {
      opened.cause = error;
    });
    current = opened;
    return opened;
  }

  return {
    async use(operate) {
      const opened = await connection();
      try {
        if (opened.redis.status === 'wait') await opened.redis.connect();
        return await operate(opened.redis);
      } catch (error) {
        // pending commands only get "Connection is closed."; the error event has the cause
        const isClosed = error instanceof Error && error.message === 'Connection is closed.';
        throw isClosed ? (opened.cause ?? error) : error;
      }
    },
    drop() {
      current?.redis.disconnect();
      current = undefined;
    },
  };
}
