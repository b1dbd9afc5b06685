/** What every handler of every surface finds in its context. */
import type { AuditTrail } from '../../audit/trail.ts';
import type { AssumeRole, Origin } from '../../ports.ts';

/** Hono's environment: see https://hono.dev/docs/api/hono#generics */
export interface SurfaceEnv {
  /** What @hono/node-server hands over beside the request; nothing in `app.request()`. */
  Bindings: { incoming?: { socket: { remoteAddress?: string | undefined } } };
  Variables: {
    origin: Origin;
    /** Opened when the request arrived. Whoever decides the request records the decision there. */
    trail: AuditTrail;
    /** Knows what to sign with for this request. */
    assumeRole: AssumeRole;
  };
}
