/** Answers cross-origin requests of allowed pages (https://fetch.spec.whatwg.org/#http-cors-protocol). */
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { boundedText } from '../../lib/bounded-text.ts';
import type { ReadHeader } from '../../ports.ts';
import type { SurfaceEnv } from './surface-env.ts';

const PREFLIGHT_MAX_AGE_SECONDS = 600;

const MAX_LOGGED_ORIGIN_LENGTH = 200;

/**
 * The origin of a preflight if it is not listed, as bounded text for the audit line; undefined for
 * every other OPTIONS request.
 */
export function findUnlistedOrigin(
  header: ReadHeader,
  origins: readonly string[],
): string | undefined {
  const origin = header('origin');
  const isPreflight = origin !== undefined && header('access-control-request-method') !== undefined;
  if (!isPreflight || origins.includes(origin)) return undefined;
  return boundedText(origin, MAX_LOGGED_ORIGIN_LENGTH, 'tokens and secrets');
}

/** Makes the middleware for pages of exactly these origins. It allows no cookies. */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler<SurfaceEnv> {
  return cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['Authorization', 'Content-Type'],
    exposeHeaders: [
      'X-Request-Id',
      'Retry-After',
      'WWW-Authenticate',
      'RateLimit',
      'RateLimit-Policy',
    ],
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
  });
}
