/** Credential URLs: exchanges a subject token for a URL, for clients that can only GET. */
import { Hono } from 'hono';
import type { PipelineDeps } from '../../issue-credentials.ts';
import { addCrossOrigin } from '../http/cross-origin.ts';
import type { SurfaceDefinition } from '../http/surface-definition.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { answerError, refuseMethod, refuseWith } from '../native/answer-refusal.ts';
import { TICKETS, URLS } from './addresses.ts';
import { createMakeUrl, type MakeUrlDeps } from './make-url.ts';
import { createUseUrl, type UseUrlDeps } from './use-url.ts';

const URLS_METHODS = 'POST, OPTIONS';
const TICKET_METHODS = 'GET';

export type CredentialUrlDeps = MakeUrlDeps & UseUrlDeps;

/** Builds the surface. It opens nothing and keeps no state. */
export function createCredentialUrls(
  deps: PipelineDeps,
  urls: CredentialUrlDeps,
): SurfaceDefinition {
  const api = new Hono<SurfaceEnv>();
  api.onError(answerError);

  for (const path of [URLS, `${TICKETS}*`]) {
    api.use(path, async (c, next) => {
      await next();
      c.header('Referrer-Policy', 'no-referrer');
    });
  }
  addCrossOrigin(api, URLS, {
    origins: deps.config.cors.origins,
    methods: URLS_METHODS,
    refuseWith,
  });
  api.post(URLS, createMakeUrl(deps, urls));
  api.all(URLS, refuseMethod(URLS_METHODS));
  const useUrl = createUseUrl(deps, urls);
  api.get(`${TICKETS}:ticket`, (c) =>
    // Hono serves HEAD with the GET handler, but a HEAD answer would discard the issued credential
    c.req.method === 'HEAD' ? refuseMethod(TICKET_METHODS)(c) : useUrl(c),
  );
  api.all(`${TICKETS}:ticket`, refuseMethod(TICKET_METHODS));

  return {
    name: 'credential_urls',
    owns: ({ path }) => path === URLS || path.startsWith(TICKETS),
    routes: api,
    answerError,
  };
}
