/** Prepares every request for the surfaces: reads its origin and opens its audit trail. */
import type { MiddlewareHandler } from 'hono';
import type { RecordAudit } from '../../audit/line.ts';
import { openAuditTrail } from '../../audit/trail.ts';
import { hasTooManyHeaderLines, MAX_HEADER_LINES } from '../../lib/header-lines.ts';
import type { AssumeRole, ReadHeader, Surface } from '../../ports.ts';
import { refuse } from '../../refusal.ts';
import { answerHeaders } from './answer-headers.ts';
import type { ReadOrigin } from './origin.ts';
import { queryOf } from './query.ts';
import type { RequestAddress } from './surface-definition.ts';
import type { SurfaceEnv } from './surface-env.ts';

export interface OpenRequestDeps {
  readonly configRevision: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The surface that a request belongs to. */
  readonly surfaceOf: (address: RequestAddress) => Surface;
  readonly readOrigin: ReadOrigin;
  readonly recordAudit: RecordAudit;
  /** Binds the source credentials of a request, so that nothing between here and STS holds a key. */
  readonly assumeRoleFor: (header: ReadHeader) => AssumeRole;
}

/** Makes the middleware that fills the context of `SurfaceEnv`. Refuses with `too_many_header_lines`. */
export function createOpenRequest(deps: OpenRequestDeps): MiddlewareHandler<SurfaceEnv> {
  const { configRevision, now, surfaceOf, readOrigin, recordAudit, assumeRoleFor } = deps;

  return async function openRequest(c, next) {
    const incoming = c.env?.incoming;
    // a list that is too long may be cut, and then nothing in it can be trusted
    const isCut = incoming !== undefined && hasTooManyHeaderLines(incoming.rawHeaders);
    const header: ReadHeader = (name) => (isCut ? undefined : c.req.header(name));
    const remoteAddress = incoming?.socket.remoteAddress;
    const origin = readOrigin({ header, remoteAddress });
    const { requestId, callerAddress } = origin;
    const { method, path, url } = c.req;
    const surface = surfaceOf({ method, path, query: queryOf(url) });
    const trail = openAuditTrail({ requestId, surface, configRevision, now, recordAudit });
    if (callerAddress !== undefined) trail.add({ callerAddress });
    c.set('origin', origin);
    c.set('surface', surface);
    c.set('trail', trail);
    c.set('assumeRole', assumeRoleFor(header));
    if (isCut) throw await trail.recordRefused(tooManyHeaderLines());
    // the CORS middleware answers a preflight and keeps the headers that are already set
    if (c.req.method === 'OPTIONS') {
      for (const [name, value] of Object.entries(answerHeaders(origin))) c.header(name, value);
    }
    await next();
  };
}

function tooManyHeaderLines() {
  return refuse({ reason: 'too_many_header_lines', limit: MAX_HEADER_LINES });
}
