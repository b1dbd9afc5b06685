/** The HTTP application: routes and the rules of the transport. No decision about credentials is taken here. */
import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import type { AppEnv } from './api/app-env.ts';
import { toCredentialBody } from './api/credential-answer.ts';
import { readBody, readQuery, readSubjectToken } from './api/credential-request.ts';
import { addLifecycleHooks, type LifecycleHooks } from './api/lifecycle-hooks.ts';
import type { ReadOrigin } from './api/origin.ts';
import { toProblem } from './api/problem.ts';
import { readJsonBody, requireJsonAccepted } from './api/transport-rules.ts';
import { openAuditTrail } from './audit-log.ts';
import {
  type CredentialRequest,
  issueCredentials,
  type PipelineDeps,
} from './issue-credentials.ts';
import { type Refusal, RefusalError, refuse } from './refusal.ts';

const CREDENTIALS = '/v1/credentials';
const CREDENTIALS_METHODS = 'GET, POST, OPTIONS';
const HEALTH_METHODS = 'GET, HEAD';
const PREFLIGHT_MAX_AGE_SECONDS = 600;

export interface AppDeps extends PipelineDeps {
  readonly readOrigin: ReadOrigin;
  /** Whether the broker could sign a request to STS now. Asks nobody over the network. */
  readonly isReady: () => Promise<boolean>;
  /** Present on Function Compute only. */
  readonly lifecycleHooks?: LifecycleHooks;
}

/** Builds the application. Opens nothing and keeps no state of its own. */
export function createApp(deps: AppDeps) {
  const app = new Hono<AppEnv>();

  app.use(async function setOrigin(c, next) {
    const remoteAddress = c.env.incoming?.socket.remoteAddress;
    const origin = deps.readOrigin({ header: (name) => c.req.header(name), remoteAddress });
    c.set('origin', origin);
    c.header('X-Request-Id', origin.requestId);
    c.header('Cache-Control', 'no-store');
    c.header('X-Content-Type-Options', 'nosniff');
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
        exposeHeaders: ['X-Request-Id', 'Retry-After', 'WWW-Authenticate'],
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
    return c.body(body, 200, { 'Content-Type': 'application/json' });
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
      ...readQuery(new URL(c.req.url).searchParams),
    }));
  });

  app.get('/health', (c) =>
    c.json({ Status: 'ok', ConfigRevision: deps.config.revision.slice(0, 12) }),
  );
  app.get('/ready', async (c) =>
    (await deps.isReady())
      ? c.json({ Status: 'ready' })
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
    const { body, status, headers } = toProblem(refusal, c.get('origin').requestId);
    return c.body(body, status, headers);
  }

  return app;
}
