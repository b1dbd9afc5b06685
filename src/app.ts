/** The HTTP application: middleware for every request, then one route for each surface. */
import { Hono } from 'hono';
import { readCanonicalPath } from './api/http/canonical-path.ts';
import { addLifecycleHooks, type LifecycleHooks } from './api/http/lifecycle-hooks.ts';
import { createOpenRequest, type OpenRequestDeps } from './api/http/open-request.ts';
import type { SurfaceEnv } from './api/http/surface-env.ts';
import { answerError, refuseWith } from './api/native/answer-refusal.ts';
import { createNativeApi, type NativeApiDeps } from './api/native/routes.ts';
import { answerOAuthError } from './api/token-exchange/answer-refusal.ts';
import { createTokenExchange, TOKEN_PATH } from './api/token-exchange/routes.ts';
import type { Surface } from './ports.ts';
import { refuse } from './refusal.ts';

export interface AppDeps
  extends NativeApiDeps,
    Omit<OpenRequestDeps, 'configRevision' | 'surfaceOf'> {
  /** Present on Function Compute only. */
  readonly lifecycleHooks?: LifecycleHooks;
}

/** Builds the application. It opens nothing and keeps no state. */
export function createApp(deps: AppDeps) {
  const app = new Hono<SurfaceEnv>({ getPath: readCanonicalPath });
  const { revision: configRevision, surfaces } = deps.config;
  const surfaceOf = (path: string): Surface =>
    surfaces?.tokenExchange === true && path === TOKEN_PATH ? 'token_exchange' : 'native';
  app.use(createOpenRequest({ ...deps, configRevision, surfaceOf }));
  if (deps.lifecycleHooks !== undefined) addLifecycleHooks(app, deps.lifecycleHooks);

  app.route('/', createNativeApi(deps));
  if (surfaces?.tokenExchange === true) app.route('/', createTokenExchange(deps));

  // unknown routes include /invoke, and /initialize and /pre-stop if the platform did not call them
  app.notFound((c) => refuseWith(c, refuse({ reason: 'route_unknown' })));
  // refusals before any surface, such as too many header lines, have the form of its protocol too
  app.onError((error, c) =>
    c.get('surface') === 'token_exchange' ? answerOAuthError(error, c) : answerError(error, c),
  );
  return app;
}
