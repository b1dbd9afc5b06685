/** Reads the path that a request is routed by: the path as it was sent, so that no other form of it reaches a route. */
import type { SurfaceEnv } from './surface-env.ts';

/** No route has this path. */
const UNKNOWN_PATH = '/not-canonical';

/** RFC 9112 section 3.2.2: a request target may be a whole URL. */
const SCHEME_AND_HOST = /^[a-z]+:\/\/[^/?#]*/;

/**
 * For Hono's `getPath`. Hono's default decodes percent escapes, after the server has resolved `.` and
 * `..`. A proxy that compares paths would then see another path than the router. Decoding also costs
 * up to 20 ms for one path of invalid escapes.
 */
export function readCanonicalPath(
  request: { readonly url: string },
  options?: { readonly env?: SurfaceEnv['Bindings'] | undefined },
): string {
  const path = pathOf(request.url);
  const target = options?.env?.incoming?.url;
  return target === undefined || pathOf(target) === path ? path : UNKNOWN_PATH;
}

function pathOf(url: string): string {
  const target = url.startsWith('/') ? url : url.replace(SCHEME_AND_HOST, '');
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}
