/** The HTTP application: middleware for every request, then the routes of each surface that is on. */
import { Hono } from 'hono';
import { createAws } from './api/aws/routes.ts';
import { type CredentialUrlDeps, createCredentialUrls } from './api/credential-urls/routes.ts';
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
  /** Present if the config has credential URLs. */
  readonly credentialUrls?: CredentialUrlDeps;
}

/** Builds the application. It opens nothing and keeps no state. */
export function createApp(deps: AppDeps) {
  const app = new Hono<SurfaceEnv>({ getPath: readCanonicalPath });
  const { revision: configRevision, surfaces: on } = deps.config;
  const native = createNativeApi(deps);
  const { credentialUrls } = deps;
  const others: readonly SurfaceDefinition[] = [
    ...(on?.tokenExchange === true ? [createTokenExchange(deps)] : []),
    ...(credentialUrls === undefined ? [] : [createCredentialUrls(deps, credentialUrls)]),
    // before the STS-compatible API: a POST to / without a query belongs to the first that claims it
    ...(on?.aws === true ? [createAws(deps)] : []),
    ...(on?.sts === undefined ? [] : [createStsApi(deps)]),
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
