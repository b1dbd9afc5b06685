/** The context of every handler of every surface. */
import type { AuditTrail } from '../../audit/trail.ts';
import type { AssumeRole, Origin } from '../../ports.ts';

/** Hono's environment: see https://hono.dev/docs/api/hono#generics */
export interface SurfaceEnv {
  /** Set by @hono/node-server; absent in `app.request()`. */
  Bindings: { incoming?: { socket: { remoteAddress?: string | undefined } } };
  Variables: {
    origin: Origin;
    /** Opened when the request arrived. The code that decides the request records the decision here. */
    trail: AuditTrail;
    /** Bound to the source credentials of this request. */
    assumeRole: AssumeRole;
  };
}
