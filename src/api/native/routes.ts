/** The native API: exchanges subject tokens for credentials, and answers the two probes of the platform. */
import { type Context, Hono } from 'hono';
import { issueCredentials, type PipelineDeps } from '../../issue-credentials.ts';
import type { ReadHeader } from '../../ports.ts';
import { refuse } from '../../refusal.ts';
import { addCrossOrigin } from '../http/cross-origin.ts';
import { toRateLimitHeaders } from '../http/rate-limit-headers.ts';
import { requireNoQuery } from '../http/request-members.ts';
import { sendJson } from '../http/send-json.ts';
import type { SurfaceDefinition } from '../http/surface-definition.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { readJsonBody, requireNoBody } from '../http/transport-rules.ts';
import { toCredentialBody } from './answer.ts';
import { answerError, refuseMethod, refuseWith } from './answer-refusal.ts';
import {
  describeInTime,
  parseBody,
  parseQuery,
  readAudited,
  readMembers,
  readSubjectToken,
  type SentMembers,
} from './request.ts';

const CREDENTIALS = '/v1/credentials';
const CREDENTIALS_METHODS = 'GET, POST, OPTIONS';
const PROBE_METHODS = 'GET, HEAD';

export interface NativeApiDeps extends PipelineDeps {
  /**
   * Says why the broker has no source credentials now, or undefined if it has. `header` reads the
   * headers of the probe, where the platform may send them.
   */
  readonly findSourceProblem: (header: ReadHeader) => Promise<string | undefined>;
}

/** Builds the surface. It opens nothing and keeps no state. */
export function createNativeApi(deps: NativeApiDeps): SurfaceDefinition {
  const { config } = deps;
  const api = new Hono<SurfaceEnv>();
  api.onError(answerError);

  addCrossOrigin(api, CREDENTIALS, {
    origins: config.cors.origins,
    methods: CREDENTIALS_METHODS,
    refuseWith,
  });

  api.post(CREDENTIALS, (c) =>
    answer(c, async () => {
      requireNoQuery(c.req.url);
      return parseBody(await readJsonBody(c.req, c.env?.incoming));
    }),
  );
  api.get(CREDENTIALS, (c) => {
    // Hono serves HEAD with the GET handler, but a HEAD answer would discard the issued credential
    if (c.req.method === 'HEAD') return refuseMethod(CREDENTIALS_METHODS)(c);
    return answer(c, async () => {
      requireNoBody(c.req);
      return parseQuery(c.req.url);
    });
  });

  api.get('/health', (c) =>
    sendJson(c, JSON.stringify({ Status: 'ok', ConfigRevision: config.revision.slice(0, 12) })),
  );
  api.get('/ready', async (c) => {
    const problem = await deps.findSourceProblem((name) => c.req.header(name));
    if (problem === undefined) return sendJson(c, JSON.stringify({ Status: 'ready' }));
    return refuseWith(c, refuse({ reason: 'source_credentials_unavailable', problem }));
  });

  api.all(CREDENTIALS, refuseMethod(CREDENTIALS_METHODS));
  api.all('/health', refuseMethod(PROBE_METHODS));
  api.all('/ready', refuseMethod(PROBE_METHODS));

  async function answer(c: Context<SurfaceEnv>, readSent: () => Promise<SentMembers>) {
    const origin = c.get('origin');
    const issued = await issueCredentials(deps, {
      origin,
      trail: c.get('trail'),
      assumeRole: c.get('assumeRole'),
      readToken: () => readSubjectToken(c.req.header('authorization')),
      read: async () => readMembers(await readAudited(c, readSent)),
      // the body of a caller without a valid token is not waited for
      describe: () => describeInTime(readSent),
    });
    const body = toCredentialBody(issued, origin.requestId, config.buckets);
    return sendJson(c, body, {
      // by the clock of Expiration and RefreshAfter, for callers whose own is wrong
      Date: new Date(deps.now()).toUTCString(),
      ...toRateLimitHeaders(issued.rateLimits),
    });
  }

  return { name: 'native', owns: () => true, routes: api, answerError };
}
