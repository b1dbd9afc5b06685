/** A store in Redis (or Tair) that all instances share, with the memory of this one to fall back on. */
import type { Redis } from 'ioredis';
import type { RateLimiterRedis } from 'rate-limiter-flexible';
import { createMemoryClaims } from './memory-claims.ts';
import { createMemoryCounter } from './memory-counter.ts';
import { keepCounters } from './memory-store.ts';
import { createOutageGate, type OutageGate, withDeadline } from './outage-gate.ts';
import type { RedisClient } from './redis-client.ts';
import {
  type Claims,
  type Counter,
  type CounterSettings,
  type Store,
  StoreUnavailable,
  type Usage,
} from './store.ts';

export interface RedisStoreOptions {
  readonly client: RedisClient;
  /** Begins every key, so that several brokers can share one database. */
  readonly prefix: string;
  /** How long a request waits for one operation. */
  readonly timeoutMs: number;
  /** What becomes of claims while Redis is down: `memory` claims them in this instance alone. */
  readonly claimsWhenDown: 'refuse' | 'memory';
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  /** Hears when Redis goes and when it comes back. */
  readonly tell: (message: string) => void;
}

/** A connection on which nothing was answered so often in a row is given up. */
const MAX_FAILURES_OF_A_CONNECTION = 2;

/** Deletes a key only while it has the value. */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/** Makes the store. Connects on first use. */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { client, timeoutMs, now, random, tell } = options;
  const gate = createOutageGate({
    timeoutMs,
    now,
    random,
    onFailure(problem, failures) {
      if (failures === 1) tell(`Redis cannot be used (${problem}); limits are counted in memory`);
      // it may be half open, and would stay so
      if (failures >= MAX_FAILURES_OF_A_CONNECTION) client.drop();
    },
    onRecovery: () => tell('Redis is used again'),
  });

  return {
    counter: keepCounters((settings) => createRedisCounter(settings, gate, options)),
    localCounter: keepCounters(createMemoryCounter),
    claims: createClaims(gate, options),
    async warm() {
      await import('rate-limiter-flexible');
      await gate.run(() => client.use((redis) => redis.ping())).catch(() => {});
    },
    async close() {
      client.drop();
    },
  };
}

function createRedisCounter(
  settings: CounterSettings,
  gate: OutageGate,
  { client, prefix }: RedisStoreOptions,
): Counter {
  const { name, windowSeconds } = settings;
  const memory = createMemoryCounter(settings);
  let current: { readonly redis: Redis; readonly limiter: RateLimiterRedis } | undefined;

  async function limiterFor(redis: Redis): Promise<RateLimiterRedis> {
    if (current?.redis === redis) return current.limiter;
    const { RateLimiterRedis } = await import('rate-limiter-flexible');
    const limiter = new RateLimiterRedis({
      storeClient: redis,
      // a counter with another window is another counter
      keyPrefix: `${prefix}:${name}:${windowSeconds}`,
      points: 0,
      duration: windowSeconds,
    });
    current = { redis, limiter };
    return limiter;
  }

  async function addIn(redis: Redis, key: string): Promise<Usage> {
    const limiter = await limiterFor(redis);
    const { consumedPoints, msBeforeNext } = await limiter.penalty(key);
    return { used: consumedPoints, leftMs: msBeforeNext };
  }

  return {
    async add(key) {
      try {
        return await gate.run(() => client.use((redis) => addIn(redis, key)));
      } catch {
        return memory.add(key);
      }
    },
  };
}

function createClaims(gate: OutageGate, options: RedisStoreOptions): Claims {
  const redis = createRedisClaims(gate, options);
  if (options.claimsWhenDown === 'refuse') return redis;
  const memory = createMemoryClaims(options);
  return {
    async claim(claim) {
      // always here too, so that what was used during an outage is still known after it
      if (!(await memory.claim(claim))) return false;
      try {
        return await redis.claim(claim);
      } catch (error) {
        if (error instanceof StoreUnavailable) return true;
        throw error;
      }
    },
    async release(claim) {
      await Promise.all([memory.release(claim), redis.release(claim)]);
    },
  };
}

function createRedisClaims(
  gate: OutageGate,
  { client, prefix, timeoutMs }: RedisStoreOptions,
): Claims {
  const keyOf = (key: string) => `${prefix}:claim:${key}`;

  const claims: Claims = {
    async claim(claim) {
      const { key, owner, lifeMs } = claim;
      let wasSent = false;
      try {
        const answer = await gate.run(() =>
          client.use((redis) => {
            wasSent = true;
            return redis.set(keyOf(key), owner, 'PX', lifeMs, 'NX');
          }),
        );
        return answer === 'OK';
      } catch (error) {
        // it may still arrive: behind it on the same connection, this undoes it
        if (wasSent) void claims.release(claim);
        throw error;
      }
    },
    // past the gate: during an outage it is only worth a try
    async release({ key, owner }) {
      const releasing = client.use((redis) => redis.eval(RELEASE, 1, keyOf(key), owner));
      await withDeadline(releasing, timeoutMs).catch(() => {});
    },
  };
  return claims;
}
