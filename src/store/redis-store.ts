/** A store in Redis (or Tair) that all instances share, with a fallback to the memory of this instance. */
import type { Redis } from 'ioredis';
import type { RateLimiterRedis } from 'rate-limiter-flexible';
import { withinDeadline } from '../lib/within-deadline.ts';
import type { Observe } from '../observe/event.ts';
import { createMemoryCounter } from './memory-counter.ts';
import { createMemoryReservations } from './memory-reservations.ts';
import { keepCounters } from './memory-store.ts';
import { createOutageGate, type OutageGate } from './outage-gate.ts';
import type { RedisClient } from './redis-client.ts';
import {
  type Counter,
  type CounterSettings,
  type Reservation,
  type Reservations,
  type Store,
  StoreUnavailable,
  type Usage,
} from './store.ts';

export interface RedisStoreOptions {
  readonly client: RedisClient;
  /** The prefix of every key, so that several brokers can share one database. */
  readonly prefix: string;
  /** The deadline of one operation. */
  readonly timeoutMs: number;
  /** What happens to reservations while Redis is down. `memory`: this instance holds them. */
  readonly reservationsWhenDown: 'refuse' | 'memory';
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  /** Receives an event when Redis is lost and when it is back. */
  readonly observe: Observe;
}

/** After this many failures in a row, the connection is replaced. */
const MAX_FAILURES_OF_A_CONNECTION = 2;

/** Deletes a key only if it has the value. */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/** Adds an owner to a set of at most ARGV[2]. The first one sets how long the set lives. */
const RESERVE_ONE_OF_MANY = `if redis.call('scard', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end redis.call('sadd', KEYS[1], ARGV[1]) if redis.call('pttl', KEYS[1]) < 0 then redis.call('pexpire', KEYS[1], ARGV[3]) end return 1`;

/** Makes the store. Connects on first use. */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { client, timeoutMs, now, random, observe } = options;
  const gate = createOutageGate({
    timeoutMs,
    now,
    random,
    onFailure(problem, failures) {
      if (failures === 1) observe({ kind: 'store_lost', problem });
      // a half-open connection does not recover by itself
      if (failures >= MAX_FAILURES_OF_A_CONNECTION) client.drop();
    },
    onRecovery: () => observe({ kind: 'store_back' }),
  });

  return {
    counter: keepCounters((settings) => createRedisCounter(settings, gate, options)),
    localCounter: keepCounters(createMemoryCounter),
    reservations: createReservations(gate, options),
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

function createReservations(gate: OutageGate, options: RedisStoreOptions): Reservations {
  const isRefused = options.reservationsWhenDown === 'refuse';
  const redis = createRedisReservations(gate, { ...options, undoesUnanswered: isRefused });
  if (isRefused) return redis;
  const memory = createMemoryReservations(options);
  return {
    async reserve(reservation) {
      // always in memory too, so that a token used during an outage stays used after it
      if (!(await memory.reserve(reservation))) return false;
      try {
        return await redis.reserve(reservation);
      } catch (error) {
        if (error instanceof StoreUnavailable) return true;
        throw error;
      }
    },
    async release(reservation) {
      await Promise.all([memory.release(reservation), redis.release(reservation)]);
    },
  };
}

function createRedisReservations(
  gate: OutageGate,
  options: RedisStoreOptions & {
    /** False: a reservation without an answer is taken for made, and must last if it was. */
    readonly undoesUnanswered: boolean;
  },
): Reservations {
  const { client, prefix, timeoutMs, undoesUnanswered } = options;
  const keyOf = (key: string) => `${prefix}:reservation:${key}`;

  /** True if the key was reserved. */
  async function reserveIn(redis: Redis, reservation: Reservation): Promise<boolean> {
    const { key, owner, lifeMs, holders = 1 } = reservation;
    if (holders === 1) return (await redis.set(keyOf(key), owner, 'PX', lifeMs, 'NX')) === 'OK';
    return (await redis.eval(RESERVE_ONE_OF_MANY, 1, keyOf(key), owner, holders, lifeMs)) === 1;
  }

  const reservations: Reservations = {
    async reserve(reservation) {
      let wasSent = false;
      try {
        return await gate.run(() =>
          client.use((redis) => {
            wasSent = true;
            return reserveIn(redis, reservation);
          }),
        );
      } catch (error) {
        // the command may still arrive; a release after it on the same connection undoes it
        if (wasSent && undoesUnanswered) void reservations.release(reservation);
        throw error;
      }
    },
    // bypasses the gate: a release during an outage is best effort
    async release({ key, owner, holders = 1 }) {
      const releasing = client.use(
        (redis): Promise<unknown> =>
          holders === 1 ? redis.eval(RELEASE, 1, keyOf(key), owner) : redis.srem(keyOf(key), owner),
      );
      const toError = () => new StoreUnavailable('no answer in time', 0);
      await withinDeadline(releasing, timeoutMs, toError).catch(() => {});
    },
  };
  return reservations;
}
