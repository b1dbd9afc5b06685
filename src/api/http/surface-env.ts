/** The context of every handler of every surface. */
import type { AuditTrail } from '../../audit/trail.ts';
import type { AssumeRole, Origin, Surface } from '../../ports.ts';

/** What the surfaces read of Node's own request. */
interface IncomingRequest {
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** The request target as it was sent. */
  readonly url?: string | undefined;
  /** True once the whole body has arrived. Stays false if the caller hangs up first. */
  readonly complete?: boolean;
  /** Names and values, alternating. */
  readonly rawHeaders: readonly string[];
}

/** Hono's environment: see https://hono.dev/docs/api/hono#generics */
export interface SurfaceEnv {
  /** Set by @hono/node-server; absent in `app.request()`. */
  Bindings: { incoming?: IncomingRequest };
  Variables: {
    origin: Origin;
    /** Decides the form of errors. */
    surface: Surface;
    /** Opened when the request arrived. The code that decides the request records the decision here. */
    trail: AuditTrail;
    /** Bound to the source credentials of this request. */
    assumeRole: AssumeRole;
  };
}
