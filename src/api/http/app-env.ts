/** What every handler of the application finds in its context. */
import type { Origin } from '../../issue-credentials.ts';

/** Hono's environment: see https://hono.dev/docs/api/hono#generics */
export interface AppEnv {
  /** What @hono/node-server hands over beside the request; nothing in `app.request()`. */
  Bindings: { incoming?: { socket: { remoteAddress?: string | undefined } } };
  Variables: { origin: Origin };
}
