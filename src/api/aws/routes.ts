/** AWS's ways to get credentials, for tools that use OSS through its S3-compatible endpoint. */
import { type Context, Hono } from 'hono';
import {
  type IncomingRequest,
  issueCredentials,
  type PipelineDeps,
} from '../../issue-credentials.ts';
import type { IssuedCredential } from '../../ports.ts';
import { refuse } from '../../refusal.ts';
import { answerHeaders } from '../http/answer-headers.ts';
import { type Form, parseForm } from '../http/form.ts';
import { queryOf } from '../http/query.ts';
import { toRateLimitHeaders } from '../http/rate-limit-headers.ts';
import { requireNoAuthorization, requireNoQuery } from '../http/request-members.ts';
import { sendJson } from '../http/send-json.ts';
import type { SurfaceDefinition } from '../http/surface-definition.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import {
  readFormBody,
  requireJsonAccepted,
  requireNoBody,
  requireXmlAccepted,
} from '../http/transport-rules.ts';
import { CONTAINER, isToAws, WEB_IDENTITY } from './addresses.ts';
import { toContainerBody, toWebIdentityBody } from './answer.ts';
import { answerAwsError, refuseAws } from './answer-refusal.ts';
import {
  describeRequested,
  readContainerToken,
  readMembers,
  readParameters,
  readWebIdentityToken,
} from './request.ts';

const NAME = 'aws';

/**
 * Builds the surface. It opens nothing and keeps no state. Pages cannot use it: SDKs in browsers read
 * no environment, so a page asks the native API.
 */
export function createAws(deps: PipelineDeps): SurfaceDefinition {
  const api = new Hono<SurfaceEnv>();
  api.onError(answerAwsError);

  // another surface may have this address too
  api.all(WEB_IDENTITY, (c, next) => (c.get('surface') === NAME ? answerWebIdentity(c) : next()));
  api.all(CONTAINER, answerContainer);

  async function answerWebIdentity(c: Context<SurfaceEnv>): Promise<Response> {
    if (c.req.method !== 'POST') return refuseMethod(c, 'POST');
    let form: Form | undefined;
    const issued = await issue(c, {
      // the token is in the body, so the body is read first; what else is wrong with it comes later
      readToken: async () => {
        form = parseForm(await readFormBody(c.req, c.env?.incoming));
        return readWebIdentityToken(form);
      },
      read: async () => {
        const sent = form ?? [];
        c.get('trail').add({ requested: describeRequested(sent) });
        requireXmlAccepted(c.req.header('accept'));
        requireNoQuery(c.req.url);
        requireNoAuthorization(c.req.header('authorization'));
        return readParameters(sent);
      },
      describe: async () => (form === undefined ? undefined : describeRequested(form)),
    });
    const body = toWebIdentityBody(issued, c.get('origin').requestId);
    return c.body(body, 200, {
      ...answerHeaders(c.get('origin')),
      'Content-Type': 'text/xml',
      ...toRateLimitHeaders(issued.rateLimits),
    });
  }

  async function answerContainer(c: Context<SurfaceEnv>): Promise<Response> {
    // a HEAD answer would discard the issued credential
    if (c.req.method !== 'GET') return refuseMethod(c, 'GET');
    const readQuery = () => parseForm(Buffer.from(queryOf(c.req.url)));
    const issued = await issue(c, {
      readToken: () => readContainerToken(c.req.header('authorization')),
      read: async () => {
        const sent = readQuery();
        c.get('trail').add({ requested: describeRequested(sent) });
        requireJsonAccepted(c.req.header('accept'));
        requireNoBody(c.req);
        return readMembers(sent);
      },
      describe: async () => {
        try {
          return describeRequested(readQuery());
        } catch {
          return undefined;
        }
      },
    });
    const body = toContainerBody(issued, deps.config.buckets);
    return sendJson(c, body, toRateLimitHeaders(issued.rateLimits));
  }

  function issue(
    c: Context<SurfaceEnv>,
    readers: Pick<IncomingRequest, 'readToken' | 'read' | 'describe'>,
  ): Promise<IssuedCredential> {
    return issueCredentials(deps, {
      origin: c.get('origin'),
      trail: c.get('trail'),
      assumeRole: c.get('assumeRole'),
      ...readers,
    });
  }

  return { name: NAME, owns: isToAws, routes: api, answerError: answerAwsError };
}

function refuseMethod(c: Context<SurfaceEnv>, allow: string): Promise<Response> {
  return refuseAws(c, refuse({ reason: 'method_not_allowed', allow }));
}
