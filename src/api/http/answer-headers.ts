/** The headers of every answer, whatever surface gives it. */
import type { Origin } from '../../ports.ts';

/**
 * Hand these over with the body rather than setting them beforehand: Hono then sends them as they
 * are.
 */
export function answerHeaders({ requestId }: Origin): Record<string, string> {
  return {
    'X-Request-Id': requestId,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  };
}
