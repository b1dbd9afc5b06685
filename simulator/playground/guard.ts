/** Keeps other sites out of the playground: checks Host and Origin, and says what a page may load. */
import type { MiddlewareHandler } from 'hono';

/**
 * Lets a request pass that a page of this server sent, or a person who typed its address. A name that
 * an attacker points at this machine (DNS rebinding) is another Host; a form or a script of another
 * site sends another Origin.
 */
export function createGuard(of: {
  readonly port: number;
  /** `http://localhost:<port>` of the simulated OSS, below which each bucket is a host of its own. */
  readonly ossUrl: string;
}): MiddlewareHandler {
  return async function guard(c, next) {
    const host = c.req.header('host') ?? '';
    const origin = c.req.header('origin');
    const isOwnHost = namesOf(of.port).includes(host);
    const isOwnOrigin = origin === `http://${host}`;
    // browsers send Origin with every POST
    const isAllowed = isOwnHost && (origin === undefined ? c.req.method === 'GET' : isOwnOrigin);
    if (!isAllowed) return c.text('The playground answers its own page only.\n', 403);
    const isJson = c.req.header('content-type') === 'application/json';
    if (c.req.method === 'POST' && !isJson) return c.text('Send JSON.\n', 415);
    await next();
    c.header('content-security-policy', contentPolicy(of.ossUrl));
    c.header('cross-origin-resource-policy', 'same-origin');
    c.header('cross-origin-opener-policy', 'same-origin');
    c.header('x-content-type-options', 'nosniff');
    c.header('referrer-policy', 'no-referrer');
    c.header('cache-control', 'no-store');
    return undefined;
  };
}

/** The hosts by which the server may be called. */
export function namesOf(port: number): readonly string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`];
}

function contentPolicy(ossUrl: string): string {
  const { host } = new URL(ossUrl);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' http://*.${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
