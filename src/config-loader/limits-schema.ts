/** The schema of limits, store and deny lists in `broker.yaml`, and their conversion to settings. */
import { z } from 'zod';
import type { DenyLists, LimitSettings, RateSettings } from '../config/limit-settings.ts';
import type { StoreSettings } from '../config/store-settings.ts';
import { parseDuration, toSeconds } from './durations.ts';

const MAX_WINDOW_SECONDS = 86_400;
const MAX_REQUESTS = 1_000_000;
const MIN_TIMEOUT_MS = 10;
const MAX_TIMEOUT_MS = 5000;

const REQUESTS_WORDS = `must be a whole number from 1 to ${MAX_REQUESTS}`;
const WINDOW_WORDS = 'must be a duration from 1s to 24h';
const TIMEOUT_WORDS = `must be from ${MIN_TIMEOUT_MS}ms to ${MAX_TIMEOUT_MS}ms, written like 100ms`;

const rate = z.strictObject(
  {
    requests: z
      .int({ error: REQUESTS_WORDS })
      .min(1, { error: REQUESTS_WORDS })
      .max(MAX_REQUESTS, { error: REQUESTS_WORDS })
      .describe('How many pass in one window.'),
    window: z
      .string({ error: WINDOW_WORDS })
      .refine((value) => (parseDuration(value) ?? Number.NaN) <= MAX_WINDOW_SECONDS, {
        error: WINDOW_WORDS,
      })
      .describe('The length of the window; the first one opens it.'),
  },
  { error: 'must be like { requests: 60, window: 1m }' },
);

export const limitsSchema = z
  .strictObject({
    subject: rate
      .optional()
      .describe('For the requests of each subject of each issuer. Default: no limit.'),
    address: rate
      .optional()
      .describe(
        'For the requests from each caller address, or from the /64 of an IPv6 address. Default: no limit.',
      ),
    issuer: rate
      .optional()
      .describe('For the requests of all subjects of an issuer together. Default: no limit.'),
    refusedTokens: rate
      .optional()
      .describe(
        'For refused subject tokens and credential URLs from one address; beyond it, further ones are refused unread. Default: no limit.',
      ),
    assumeRole: rate
      .optional()
      .describe(
        'For the requests of one subject that the cache cannot answer. Default: 10 in 10s.',
      ),
  })
  .describe('Rate limits. Default: only assumeRole.');

export const storeSchema = z
  .strictObject({
    redisUrlFrom: z
      .string({ error: 'must be the name of an environment variable' })
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, {
        error:
          'must be the name of an environment variable, e.g. REDIS_URL, and not the URL itself',
      })
      .describe(
        'The name of the environment variable with the URL of Redis or Tair, redis:// or rediss://.',
      ),
    timeout: z
      .string({ error: TIMEOUT_WORDS })
      .refine(isTimeout, { error: TIMEOUT_WORDS })
      .default('100ms')
      .describe('How long a request waits for one Redis operation.'),
    prefix: z
      .string({ error: 'must be 1 to 64 letters, digits, "_", ":", "-"' })
      .regex(/^[A-Za-z0-9_:-]{1,64}$/, { error: 'must be 1 to 64 letters, digits, "_", ":", "-"' })
      .default('oss-token-broker')
      .describe('What begins every key in Redis.'),
    oneTimeTokensWhenDown: z
      .enum(['refuse', 'memory'], { error: 'must be refuse or memory' })
      .default('refuse')
      .describe(
        'While Redis is down, refuse one-time tokens, or let each instance remember them in its memory.',
      ),
  })
  .describe('Redis, shared by all instances. Default: the memory of each instance.');

const identifiers = (what: string) =>
  z
    .array(z.string({ error: `must be ${what}` }).min(1, { error: `must be ${what}` }), {
      error: 'must be a list',
    })
    .default([]);

export const denySchema = z
  .strictObject({
    subjects: identifiers('a subject').describe('Subjects (sub) to refuse.'),
    tokenIds: identifiers('a token ID').describe('Token IDs (jti) to refuse.'),
    keyIds: identifiers('a key ID').describe(
      'Key IDs (kid). Subject tokens signed with these keys are refused.',
    ),
  })
  .describe('What to refuse. Values are compared exactly.');

function isTimeout(text: string): boolean {
  const timeoutMs = parseMilliseconds(text);
  return timeoutMs >= MIN_TIMEOUT_MS && timeoutMs <= MAX_TIMEOUT_MS;
}

/** Returns NaN for text of another form. */
function parseMilliseconds(text: string): number {
  return Number(/^([1-9]\d{0,4})ms$/.exec(text)?.[1]);
}

export function buildLimits(input: z.output<typeof limitsSchema>): LimitSettings {
  const built = Object.entries(input).flatMap(([scope, settings]) =>
    settings === undefined ? [] : [[scope, buildRate(settings)] as const],
  );
  return Object.fromEntries(built);
}

function buildRate({ requests, window }: z.output<typeof rate>): RateSettings {
  return { requests, windowSeconds: toSeconds(window) };
}

export function buildStore(input: z.output<typeof storeSchema>): StoreSettings {
  const { timeout, ...settings } = input;
  return { ...settings, timeoutMs: parseMilliseconds(timeout) };
}

/** Returns undefined if all lists are empty. */
export function buildDeny(input: z.output<typeof denySchema> | undefined): DenyLists | undefined {
  const isEmpty = input === undefined || Object.values(input).every((list) => list.length === 0);
  return isEmpty ? undefined : input;
}
