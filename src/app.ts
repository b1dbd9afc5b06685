/** The HTTP application: routes and the rules of the transport. No decision about credentials is taken here. */
import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import type { AppEnv } from './api/http/app-env.ts';
import { addLifecycleHooks, type LifecycleHooks } from './api/http/lifecycle-hooks.ts';
import type { ReadOrigin } from './api/http/origin.ts';
import { toRateLimitHeaders } from './api/http/rate-limit-headers.ts';
import { readJsonBody, requireJsonAccepted } from './api/http/transport-rules.ts';
import { toCredentialBody } from './api/native/answer.ts';
import { toProblem } from './api/native/problem.ts';
import { readBody, readQuery, readSubjectToken } from './api/native/request.ts';
import { openAuditTrail } from './audit/trail.ts';
import {
  type CredentialRequest,
  issueCredentials,
  type Origin,
  type PipelineDeps,
} from './issue-credentials.ts';
import { type Refusal, RefusalError, refuse } from './refusal.ts';

const CREDENTIALS = '/v1/credentials';
const CREDENTIALS_METHODS = 'GET, POST, OPTIONS';
const HEALTH_METHODS = 'GET, HEAD';
const PREFLIGHT_MAX_AGE_SECONDS = 600;

export interface AppDeps extends PipelineDeps {
  readonly readOrigin: ReadOrigin;
  /** Whether the broker could sign a request to STS now, if that brings no credentials of the platform. */
  readonly isReady: () => Promise<boolean>;
  /** Present on Function Compute only. */
  readonly lifecycleHooks?: LifecycleHooks;
}

/** Builds the application. Opens nothing and keeps no state of its own. */
export function createApp(deps: AppDeps) {
  const app = new Hono<AppEnv>();

  app.use(async function setOrigin(c, next) {
    const remoteAddress = c.env?.incoming?.socket.remoteAddress;
    const origin = deps.readOrigin({ header: (name) => c.req.header(name), remoteAddress });
    c.set('origin', origin);
    // a preflight is answered by the CORS middleware, which adds to what it finds
    if (c.req.method === 'OPTIONS') {
      for (const [name, value] of Object.entries(headersFor(origin))) c.header(name, value);
    }
    await next();
  });

  if (deps.lifecycleHooks !== undefined) addLifecycleHooks(app, deps.lifecycleHooks);

  const { origins } = deps.config.cors;
  if (origins.length > 0) {
    app.use(
      CREDENTIALS,
      cors({
        origin: [...origins],
        allowMethods: ['GET', 'POST'],
        allowHeaders: ['Authorization', 'Content-Type'],
        exposeHeaders: [
          'X-Request-Id',
          'Retry-After',
          'WWW-Authenticate',
          'RateLimit',
          'RateLimit-Policy',
        ],
        maxAge: PREFLIGHT_MAX_AGE_SECONDS,
      }),
    );
  }
  app.options(CREDENTIALS, (c) => c.body(null, 204, { Allow: CREDENTIALS_METHODS }));

  const answer = async (c: Context<AppEnv>, readRequest: () => Promise<CredentialRequest>) => {
    const origin = c.get('origin');
    const issued = await issueCredentials(deps, origin, async () => {
      requireJsonAccepted(c.req.header('accept'));
      return readRequest();
    });
    const body = toCredentialBody(issued, origin.requestId, deps.config.buckets);
    return sendJson(c, body, toRateLimitHeaders(issued.rateLimits));
  };

  app.post(CREDENTIALS, (c) =>
    answer(c, async () => ({
      subjectToken: readSubjectToken(c.req.header('authorization')),
      ...readBody(await readJsonBody(c.req)),
    })),
  );
  app.get(CREDENTIALS, (c) => {
    // Hono serves HEAD by GET, but a credential must not be issued to be thrown away
    if (c.req.method === 'HEAD') return refuseMethod(CREDENTIALS_METHODS)(c);
    return answer(c, async () => ({
      subjectToken: readSubjectToken(c.req.header('authorization')),
      ...readQuery(c.req.url),
    }));
  });

  app.get('/health', (c) =>
    sendJson(
      c,
      JSON.stringify({ Status: 'ok', ConfigRevision: deps.config.revision.slice(0, 12) }),
    ),
  );
  app.get('/ready', async (c) =>
    c.get('origin').platformCredentials !== undefined || (await deps.isReady())
      ? sendJson(c, JSON.stringify({ Status: 'ready' }))
      : refuseWith(c, refuse({ reason: 'source_credentials_unavailable', problem: 'not ready' })),
  );

  app.all(CREDENTIALS, refuseMethod(CREDENTIALS_METHODS));
  app.all('/health', refuseMethod(HEALTH_METHODS));
  app.all('/ready', refuseMethod(HEALTH_METHODS));
  // among the unknown: /invoke, and /initialize and /pre-stop unless the platform itself calls them
  app.notFound((c) => refuseWith(c, refuse({ reason: 'route_unknown' })));

  app.onError(async (error, c) => {
    // the pipeline has audited every refusal that it throws; anything else is a defect
    if (!(error instanceof RefusalError)) return refuseWith(c, error);
    return sendProblem(c, error.refusal);
  });

  function refuseMethod(allow: string) {
    return (c: Context<AppEnv>) => refuseWith(c, refuse({ reason: 'method_not_allowed', allow }));
  }

  /** Refuses outside the pipeline: audits first, then answers. */
  async function refuseWith(c: Context<AppEnv>, error: Error): Promise<Response> {
    const { requestId, callerAddress } = c.get('origin');
    const { config, now, recordAudit } = deps;
    const trail = openAuditTrail({ requestId, configRevision: config.revision, now, recordAudit });
    if (callerAddress !== undefined) trail.add({ callerAddress });
    const { refusal } = await trail.recordRefused(error);
    return sendProblem(c, refusal);
  }

  function sendProblem(c: Context<AppEnv>, refusal: Refusal): Response {
    const origin = c.get('origin');
    const { body, status, headers } = toProblem(refusal, origin.requestId);
    return c.body(body, status, { ...headersFor(origin), ...headers });
  }

  function sendJson(
    c: Context<AppEnv>,
    body: string,
    headers: Readonly<Record<string, string>> = {},
  ): Response {
    return c.body(body, 200, {
      ...headersFor(c.get('origin')),
      'Content-Type': 'application/json',
      ...headers,
    });
  }

  return app;
}

/**
 * The headers of every answer. They are handed over with the body rather than set beforehand, since
 * Hono then sends them as they are.
 */
function headersFor({ requestId }: Origin): Record<string, string> {
  return {
    'X-Request-Id': requestId,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  };
}
