/** The HTTP application: middleware for every request, then one route for each surface. */
import { Hono } from 'hono';
import { readCanonicalPath } from './api/http/canonical-path.ts';
import { addLifecycleHooks, type LifecycleHooks } from './api/http/lifecycle-hooks.ts';
import { createOpenRequest, type OpenRequestDeps } from './api/http/open-request.ts';
import type { SurfaceEnv } from './api/http/surface-env.ts';
import { answerError, refuseWith } from './api/native/answer-refusal.ts';
import { createNativeApi, type NativeApiDeps } from './api/native/routes.ts';
import { refuse } from './refusal.ts';

export interface AppDeps extends NativeApiDeps, Omit<OpenRequestDeps, 'configRevision'> {
  /** Present on Function Compute only. */
  readonly lifecycleHooks?: LifecycleHooks;
}

/** Builds the application. It opens nothing and keeps no state. */
export function createApp(deps: AppDeps) {
  const app = new Hono<SurfaceEnv>({ getPath: readCanonicalPath });
  app.use(createOpenRequest({ ...deps, configRevision: deps.config.revision }));
  if (deps.lifecycleHooks !== undefined) addLifecycleHooks(app, deps.lifecycleHooks);

  app.route('/', createNativeApi(deps));

  // unknown routes include /invoke, and /initialize and /pre-stop if the platform did not call them
  app.notFound((c) => refuseWith(c, refuse({ reason: 'route_unknown' })));
  app.onError(answerError);
  return app;
}
