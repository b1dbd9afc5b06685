/** The schemas of single values that several sections of `broker.yaml` have. */
import { z } from 'zod';
import { parseDuration } from './durations.ts';

export const text = (what: string) =>
  z.string({ error: `must be ${what}` }).min(1, { error: `must be ${what}, and not empty` });

export const matching = (pattern: RegExp, what: string) =>
  z.string({ error: `must be ${what}` }).regex(pattern, { error: `must be ${what}` });

export const flag = z.boolean({ error: 'must be true or false' });

/** A duration between two bounds in seconds. `bounds` describes them to the operator. */
export const duration = (minSeconds: number, maxSeconds: number, bounds: string) =>
  z.string({ error: 'must be a duration like 15m' }).refine(
    (value) => {
      const seconds = parseDuration(value);
      return seconds !== undefined && seconds >= minSeconds && seconds <= maxSeconds;
    },
    { error: `must be a duration ${bounds}, written like 900s, 15m or 1h` },
  );

export const name = matching(
  /^[a-z0-9][a-z0-9-]{0,62}$/,
  'a name of lower-case letters, digits and "-", at most 63',
);
export const region = matching(/^[a-z]{2}-[a-z0-9-]{2,30}$/, 'a region id, e.g. cn-hangzhou');

export const instant = z
  .string({ error: 'must be a time in UTC, like 2026-11-01T00:00:00Z' })
  .refine((value) => /Z$/.test(value) && !Number.isNaN(Date.parse(value)), {
    error: 'must be a time in UTC, like 2026-11-01T00:00:00Z',
  });

/** Hosts that are this machine. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Accepts https, and http on loopback for development. */
export function isSafeUrl(value: string, isAcceptable: (url: URL) => boolean): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const isLoopback = url.protocol === 'http:' && LOOPBACK.includes(url.hostname);
  if (url.protocol !== 'https:' && !isLoopback) return false;
  return url.username === '' && url.password === '' && isAcceptable(url);
}

const HOST = /^[A-Za-z0-9.-]+(?::\d{1,5})?$/;

/** Accepts the endpoint of an API: host or host:port, or http:// on loopback for development. */
export const isApiEndpoint = (value: string) =>
  HOST.test(value) || (value.startsWith('http://') && isSafeUrl(value, isOrigin));

export const safeUrl = (what: string, isAcceptable: (url: URL) => boolean) =>
  z
    .string({ error: `must be ${what}` })
    .refine((value) => isSafeUrl(value, isAcceptable), { error: `must be ${what}` });

export const hasNoQuery = (url: URL) => url.search === '' && url.hash === '';
export const isOrigin = (url: URL) => hasNoQuery(url) && url.pathname === '/';
/** In the one spelling that browsers send: no path, no default port, lower case. */
export const isExactOrigin = (value: string) =>
  isSafeUrl(value, isOrigin) && new URL(value).origin === value;

export const claimPath = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: 'must be the name of a claim, or a list of names that leads into nested objects',
  })
  .describe('The name of a top-level claim, or a list of names that leads into nested objects.');
