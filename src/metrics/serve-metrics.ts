/** Answers `GET /metrics` and nothing else. */
import type { Meter } from './meter.ts';

const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

export function createServeMetrics(meter: Meter): (request: Request) => Promise<Response> {
  return async function serveMetrics(request) {
    const { pathname } = new URL(request.url);
    if (pathname !== '/metrics') return new Response(null, { status: 404, headers: HEADERS });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response(null, { status: 405, headers: { ...HEADERS, Allow: 'GET, HEAD' } });
    }
    const registry = meter.read();
    return new Response(await registry.metrics(), {
      headers: { ...HEADERS, 'Content-Type': registry.contentType },
    });
  };
}
