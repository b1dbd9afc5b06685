/** The HTTP application: middleware for every request, then the routes of each surface that is on. */
import { Hono } from 'hono';
import { readCanonicalPath } from './api/http/canonical-path.ts';
import { addLifecycleHooks, type LifecycleHooks } from './api/http/lifecycle-hooks.ts';
import { createOpenRequest, type OpenRequestDeps } from './api/http/open-request.ts';
import type { SurfaceDefinition } from './api/http/surface-definition.ts';
import type { SurfaceEnv } from './api/http/surface-env.ts';
import { refuseWith } from './api/native/answer-refusal.ts';
import { createNativeApi, type NativeApiDeps } from './api/native/routes.ts';
import { createStsApi } from './api/sts/routes.ts';
import { createTokenExchange } from './api/token-exchange/routes.ts';
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
  const { revision: configRevision, surfaces: on } = deps.config;
  const native = createNativeApi(deps);
  const others: readonly SurfaceDefinition[] = [
    ...(on?.tokenExchange === true ? [createTokenExchange(deps)] : []),
    // a POST without a query is for the AWS surface, if that is on
    ...(on?.sts === undefined ? [] : [createStsApi(deps, { takesBareForms: !('aws' in on) })]),
  ];
  const surfaceOf: OpenRequestDeps['surfaceOf'] = (address) =>
    others.find(({ owns }) => owns(address))?.name ?? native.name;
  app.use(createOpenRequest({ ...deps, configRevision, surfaceOf }));
  if (deps.lifecycleHooks !== undefined) addLifecycleHooks(app, deps.lifecycleHooks);

  for (const { routes } of [...others, native]) app.route('/', routes);

  // unknown routes include /invoke, and /initialize and /pre-stop if the platform did not call them
  app.notFound((c) => refuseWith(c, refuse({ reason: 'route_unknown' })));
  // refusals before any surface, such as too many header lines, have the form of its protocol too
  app.onError((error, c) => {
    const surface = others.find(({ name }) => name === c.get('surface')) ?? native;
    return surface.answerError(error, c);
  });
  return app;
}
