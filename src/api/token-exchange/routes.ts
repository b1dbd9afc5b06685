/** OAuth 2.0 token exchange (RFC 8693): a subject token for a credential, in the words of OAuth. */
import { type Context, Hono } from 'hono';
import { issueCredentials, type PipelineDeps } from '../../issue-credentials.ts';
import { refuse } from '../../refusal.ts';
import { addCrossOrigin } from '../http/cross-origin.ts';
import { type Form, parseForm } from '../http/form.ts';
import { toRateLimitHeaders } from '../http/rate-limit-headers.ts';
import { requireNoAuthorization, requireNoQuery } from '../http/request-members.ts';
import { sendJson } from '../http/send-json.ts';
import type { SurfaceDefinition } from '../http/surface-definition.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { readFormBody, requireJsonAccepted } from '../http/transport-rules.ts';
import { toTokenBody } from './answer.ts';
import { answerOAuthError, refuseExchange } from './answer-refusal.ts';
import {
  RESOURCE_METADATA_PATH,
  SERVER_METADATA_PATH,
  toResourceMetadata,
  toServerMetadata,
} from './metadata.ts';
import { describeRequested, readParameters, readSubjectToken } from './request.ts';

const TOKEN_PATH = '/oauth/token';
const METHODS = 'POST, OPTIONS';
const METADATA_METHODS = 'GET, HEAD, OPTIONS';

/** Builds the surface. It opens nothing and keeps no state. */
export function createTokenExchange(deps: PipelineDeps): SurfaceDefinition {
  const { config, now } = deps;
  const api = new Hono<SurfaceEnv>();
  api.onError(answerOAuthError);

  addCrossOrigin(api, TOKEN_PATH, {
    origins: config.cors.origins,
    methods: METHODS,
    refuseWith: refuseExchange,
  });
  api.post(TOKEN_PATH, exchange);
  api.all(TOKEN_PATH, (c) =>
    refuseExchange(c, refuse({ reason: 'method_not_allowed', allow: METHODS })),
  );

  const documents = describeBroker(config.publicUrl);
  for (const [path, document] of documents) {
    addCrossOrigin(api, path, {
      origins: config.cors.origins,
      methods: METADATA_METHODS,
      refuseWith: refuseExchange,
    });
    const body = JSON.stringify(document);
    api.get(path, (c) => sendJson(c, body));
    api.all(path, (c) =>
      refuseExchange(c, refuse({ reason: 'method_not_allowed', allow: METADATA_METHODS })),
    );
  }

  async function exchange(c: Context<SurfaceEnv>): Promise<Response> {
    const trail = c.get('trail');
    let form: Form | undefined;
    const issued = await issueCredentials(deps, {
      origin: c.get('origin'),
      trail,
      assumeRole: c.get('assumeRole'),
      // the token is in the body, so the body is read first; what else is wrong with it comes later
      readToken: async () => {
        form = parseForm(await readFormBody(c.req, c.env?.incoming));
        return readSubjectToken(form);
      },
      read: async () => {
        const sent = form ?? [];
        trail.add({ requested: describeRequested(sent) });
        requireJsonAccepted(c.req.header('accept'));
        requireNoQuery(c.req.url);
        requireNoAuthorization(c.req.header('authorization'));
        return readParameters(sent);
      },
      describe: async () => (form === undefined ? undefined : describeRequested(form)),
    });
    const body = toTokenBody(issued, { buckets: config.buckets, nowMs: now() });
    return sendJson(c, body, toRateLimitHeaders(issued.rateLimits));
  }

  return {
    name: 'token_exchange',
    owns: ({ path }) => path === TOKEN_PATH || documents.has(path),
    routes: api,
    answerError: answerOAuthError,
  };
}

/** The metadata by its path. None if the broker does not know its own address. */
function describeBroker(publicUrl: string | undefined): ReadonlyMap<string, object> {
  if (publicUrl === undefined) return new Map();
  return new Map<string, object>([
    [SERVER_METADATA_PATH, toServerMetadata(publicUrl, TOKEN_PATH)],
    [RESOURCE_METADATA_PATH, toResourceMetadata(publicUrl)],
  ]);
}
