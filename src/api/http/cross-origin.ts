/** Answers cross-origin requests of allowed pages (https://fetch.spec.whatwg.org/#http-cors-protocol). */
import type { Context, Hono, MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { boundedText } from '../../lib/bounded-text.ts';
import type { ReadHeader } from '../../ports.ts';
import { refuse } from '../../refusal.ts';
import type { SurfaceEnv } from './surface-env.ts';

const PREFLIGHT_MAX_AGE_SECONDS = 600;

const MAX_LOGGED_ORIGIN_LENGTH = 200;

/**
 * The origin of a preflight if it is not listed, as bounded text for the audit line; undefined for
 * every other OPTIONS request.
 */
function findUnlistedOrigin(header: ReadHeader, origins: readonly string[]): string | undefined {
  const origin = header('origin');
  const isPreflight = origin !== undefined && header('access-control-request-method') !== undefined;
  if (!isPreflight || origins.includes(origin)) return undefined;
  return boundedText(origin, MAX_LOGGED_ORIGIN_LENGTH, 'tokens and secrets');
}

/** Makes the middleware for pages of exactly these origins. It allows no cookies. */
function allowOrigins(origins: readonly string[]): MiddlewareHandler<SurfaceEnv> {
  return cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['Authorization', 'Content-Type'],
    exposeHeaders: [
      'Date',
      'X-Request-Id',
      'Retry-After',
      'WWW-Authenticate',
      'RateLimit',
      'RateLimit-Policy',
    ],
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
  });
}

/**
 * Adds OPTIONS to one address of a surface, and CORS headers to its answers. The preflight of a page
 * of another origin is refused with `origin_not_allowed`, in the error form of the surface.
 */
export function addCrossOrigin(
  api: Hono<SurfaceEnv>,
  path: string,
  options: {
    readonly origins: readonly string[];
    /** For the `Allow` header. */
    readonly methods: string;
    readonly refuseWith: (c: Context<SurfaceEnv>, error: Error) => Promise<Response>;
  },
): void {
  const { origins, methods, refuseWith } = options;
  api.options(path, async (c, next) => {
    const origin = findUnlistedOrigin((name) => c.req.header(name), origins);
    if (origin === undefined) return next();
    return refuseWith(c, refuse({ reason: 'origin_not_allowed', origin }));
  });
  if (origins.length > 0) api.use(path, allowOrigins(origins));
  api.options(path, (c) => c.body(null, 204, { Allow: methods }));
}
