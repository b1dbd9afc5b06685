/** Sends JSON with the headers of every answer. */
import type { Context } from 'hono';
import { answerHeaders } from './answer-headers.ts';
import type { SurfaceEnv } from './surface-env.ts';

/** `body` is JSON. Its status is 200. */
export function sendJson(
  c: Context<SurfaceEnv>,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return c.body(body, 200, {
    ...answerHeaders(c.get('origin')),
    'Content-Type': 'application/json',
    ...headers,
  });
}
