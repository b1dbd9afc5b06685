/** The headers of every answer, on every surface. */
import type { Origin } from '../../ports.ts';

/**
 * Pass these together with the body instead of setting them before: Hono then sends them unchanged.
 */
export function answerHeaders({ requestId }: Origin): Record<string, string> {
  return {
    'X-Request-Id': requestId,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  };
}
