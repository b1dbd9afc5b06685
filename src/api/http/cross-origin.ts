/** Answers cross-origin requests of allowed pages (https://fetch.spec.whatwg.org/#http-cors-protocol). */
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { SurfaceEnv } from './surface-env.ts';

const PREFLIGHT_MAX_AGE_SECONDS = 600;

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
