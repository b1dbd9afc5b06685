/** A connection to Redis (or Tair) that is made on first use and replaced when it is lost. */
import type { Redis, RedisOptions } from 'ioredis';

export interface RedisClient {
  /** The connection, or a new one if the last one has ended. */
  get(): Promise<Redis>;
  /** Lets the connection go; the next use makes a new one. */
  drop(): void;
}

const CONNECT_TIMEOUT_MS = 1000;
const PROTOCOLS = ['redis:', 'rediss:'];

/**
 * What a Redis URL says, or undefined if it is none. Only its parts are used: anything more in it,
 * like options in its query, has no effect.
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

/** Opens nothing before the first use. ioredis itself never reconnects: its timers do not run in a frozen function. */
export function createRedisClient(address: RedisOptions): RedisClient {
  let redis: Redis | undefined;

  return {
    async get() {
      const { Redis } = await import('ioredis');
      if (redis === undefined || redis.status === 'close' || redis.status === 'end') {
        redis = new Redis({
          ...address,
          lazyConnect: true,
          connectTimeout: CONNECT_TIMEOUT_MS,
          retryStrategy: () => null,
          // a command of unknown fate must not be counted twice
          autoResendUnfulfilledCommands: false,
          enableReadyCheck: false,
        });
        // every command fails by itself; unheard, the event would be printed
        redis.on('error', () => {});
      }
      if (redis.status === 'wait') await connect(redis);
      return redis;
    },
    drop() {
      redis?.disconnect();
      redis = undefined;
    },
  };
}

/** Throws what went wrong, which ioredis tells in an event, rather than that the connection is closed. */
async function connect(redis: Redis): Promise<void> {
  let cause: unknown;
  const hear = (error: unknown) => {
    cause = error;
  };
  redis.on('error', hear);
  try {
    await redis.connect();
  } catch (error) {
    throw cause ?? error;
  } finally {
    redis.off('error', hear);
  }
}
