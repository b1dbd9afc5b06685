/** The STS-compatible API: AssumeRoleWithOIDC, so that an SDK of Alibaba Cloud needs another endpoint and nothing else. */
import { type Context, Hono } from 'hono';
import { issueCredentials, type PipelineDeps } from '../../issue-credentials.ts';
import { refuse } from '../../refusal.ts';
import { answerHeaders } from '../http/answer-headers.ts';
import type { Form } from '../http/form.ts';
import { queryOf } from '../http/query.ts';
import { toRateLimitHeaders } from '../http/rate-limit-headers.ts';
import { requireNoAuthorization } from '../http/request-members.ts';
import type { RequestAddress, SurfaceDefinition } from '../http/surface-definition.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { readFormBody, requireNoBody } from '../http/transport-rules.ts';
import { ANSWER_ROOT, toAnswer } from './answer.ts';
import { answerStsError } from './answer-refusal.ts';
import { renderDocument, toFormat } from './document.ts';
import { parseParameters } from './parameters.ts';
import { describeRequested, readParameters, readSubjectToken, VERSION } from './request.ts';

const PATH = '/';
const METHODS = 'GET, POST';
const NO_BODY = Buffer.alloc(0);

/** Builds the surface. It opens nothing and keeps no state. */
export function createStsApi(deps: PipelineDeps): SurfaceDefinition {
  const settings = deps.config.surfaces?.sts ?? {};
  const api = new Hono<SurfaceEnv>();

  // requests for another API, by its Version, are not answered here
  api.all(PATH, (c, next) => (c.get('surface') === 'sts' ? answer(c) : next()));

  async function answer(c: Context<SurfaceEnv>): Promise<Response> {
    const trail = c.get('trail');
    const query = queryOf(c.req.url);
    const { method } = c.req;
    let sent: Form | undefined;
    try {
      if (method !== 'GET' && method !== 'POST') {
        throw await trail.recordRefused(refuse({ reason: 'method_not_allowed', allow: METHODS }));
      }
      const issued = await issueCredentials(deps, {
        origin: c.get('origin'),
        trail,
        assumeRole: c.get('assumeRole'),
        // the token may be in the body, so that is read first; what else is wrong with it comes later
        readToken: async () => {
          const body = method === 'GET' ? NO_BODY : await readFormBody(c.req, c.env?.incoming);
          sent = parseParameters(query, body);
          return readSubjectToken(sent);
        },
        read: async () => {
          const known = sent ?? [];
          trail.add({ requested: describeRequested(known) });
          if (method === 'GET') requireNoBody(c.req);
          // STS documents this call as anonymous, and the broker cannot check a caller's signature
          requireNoAuthorization(c.req.header('authorization'));
          return readParameters(known, settings);
        },
        describe: async () => (sent === undefined ? undefined : describeRequested(sent)),
      });
      const { requestId } = c.get('origin');
      const { text, contentType } = renderDocument(
        formatOf(query, sent),
        ANSWER_ROOT,
        toAnswer(issued, requestId),
      );
      return c.body(text, 200, {
        ...answerHeaders(c.get('origin')),
        'Content-Type': contentType,
        ...toRateLimitHeaders(issued.rateLimits),
      });
    } catch (error) {
      return answerStsError(c, error, formatOf(query, sent));
    }
  }

  return {
    name: 'sts',
    owns: ({ method, path, query }: RequestAddress) => {
      if (path !== PATH) return false;
      // some clients send every parameter in the body
      if (query === '') return method === 'POST';
      const parameters = new URLSearchParams(query);
      const version = parameters.get('Version');
      return version === VERSION || (version === null && parameters.has('Action'));
    },
    routes: api,
    answerError: (error, c) => answerStsError(c, error, formatOf(queryOf(c.req.url), undefined)),
  };
}

/** The form counts too once it is read. Of repeated parameters, which are refused, the first. */
function formatOf(query: string, sent: Form | undefined) {
  const fromForm = sent?.find(([name]) => name === 'Format')?.[1];
  return toFormat(fromForm ?? new URLSearchParams(query).get('Format') ?? undefined);
}
