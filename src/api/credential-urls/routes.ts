/** Credential URLs: a subject token for a URL that gives credentials to clients that can only GET it. */
import { type Context, Hono } from 'hono';
import type { CredentialUrlSettings } from '../../config/credential-url-settings.ts';
import { admitRequest, issueCredentials, type PipelineDeps } from '../../issue-credentials.ts';
import type { SubjectToken, TicketSeal, TokenKeeper } from '../../ports.ts';
import { RefusalError, refuse } from '../../refusal.ts';
import { addCrossOrigin } from '../http/cross-origin.ts';
import { toRateLimitHeaders } from '../http/rate-limit-headers.ts';
import { toRefusalHeaders } from '../http/refusal-headers.ts';
import { requireNoAuthorization, requireNoQuery } from '../http/request-members.ts';
import { sendJson } from '../http/send-json.ts';
import type { SurfaceDefinition } from '../http/surface-definition.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { readJsonBody, requireJsonAccepted, requireNoBody } from '../http/transport-rules.ts';
import { toCredentialBody } from '../native/answer.ts';
import { answerError, refuseWith } from '../native/answer-refusal.ts';
import {
  describeInTime,
  describeRequested,
  parseBody,
  readMembers,
  readSubjectToken,
} from '../native/request.ts';
import { toMobileError, toUrlBody } from './answer.ts';
import { checkTicket, decideWithin } from './check-ticket.ts';
import { makeTicket } from './make-ticket.ts';
import { readUrlRequest } from './request.ts';
import { readTicket, type TicketContent, writeTicket } from './ticket.ts';

const URLS = '/v1/credential-urls';
const URLS_METHODS = 'POST, OPTIONS';
const TICKETS = '/c/';
const TICKET_METHODS = 'GET';

export interface CredentialUrlDeps {
  readonly settings: CredentialUrlSettings;
  /** The origin of every URL. */
  readonly publicUrl: string;
  readonly seal: TicketSeal;
  readonly keeper: TokenKeeper;
  readonly randomUuid: () => string;
}

/** Builds the surface. It opens nothing and keeps no state. */
export function createCredentialUrls(
  deps: PipelineDeps,
  { settings, publicUrl, seal, keeper, randomUuid }: CredentialUrlDeps,
): SurfaceDefinition {
  const { config, now } = deps;
  const api = new Hono<SurfaceEnv>();
  api.onError(answerError);

  for (const path of [URLS, `${TICKETS}*`]) {
    api.use(path, async (c, next) => {
      await next();
      c.header('Referrer-Policy', 'no-referrer');
    });
  }
  addCrossOrigin(api, URLS, {
    origins: config.cors.origins,
    methods: URLS_METHODS,
    refuseWith,
  });
  api.post(URLS, makeUrl);
  api.all(URLS, refuseMethod(URLS_METHODS));
  api.get(`${TICKETS}:ticket`, (c) =>
    // Hono serves HEAD with the GET handler, but a HEAD answer would discard the issued credential
    c.req.method === 'HEAD' ? refuseMethod(TICKET_METHODS)(c) : useUrl(c),
  );
  api.all(`${TICKETS}:ticket`, refuseMethod(TICKET_METHODS));

  async function makeUrl(c: Context<SurfaceEnv>): Promise<Response> {
    const origin = c.get('origin');
    const trail = c.get('trail');
    const readSent = async () => {
      requireNoQuery(c.req.url);
      return parseBody(await readJsonBody(c.req, c.env?.incoming));
    };
    let wanted: ReturnType<typeof readUrlRequest> | undefined;
    const made = await admitRequest(
      deps,
      {
        origin,
        trail,
        readToken: () => readSubjectToken(c.req.header('authorization')),
        read: async () => {
          const [sent] = await Promise.allSettled([readSent()]);
          if (sent.status === 'fulfilled') trail.add({ requested: describeRequested(sent.value) });
          requireJsonAccepted(c.req.header('accept'));
          if (sent.status === 'rejected') throw sent.reason;
          wanted = readUrlRequest(sent.value, settings.maxLifeSeconds);
          return wanted.request;
        },
        describe: () => describeInTime(readSent),
      },
      async (admitted) => {
        if (wanted === undefined) throw new Error('the request was not read');
        const ticket = makeTicket(admitted, {
          id: randomUuid(),
          nowMs: now(),
          config,
          settings,
          keeper,
          ...wanted,
          callerAddress: origin.callerAddress,
        });
        const url = `${publicUrl}${TICKETS}${await seal.seal(writeTicket(ticket))}`;
        const ticketExpiration = new Date(ticket.expiresAt * 1000).toISOString();
        trail.add({ ticketId: ticket.id, ticketExpiration });
        return { url, ticket, ...admitted };
      },
    );
    const { requestId } = origin;
    const body = toUrlBody(made.url, made.ticket, made, { requestId, buckets: config.buckets });
    return sendJson(c, body, toRateLimitHeaders(made.rateLimits));
  }

  async function useUrl(c: Context<SurfaceEnv>): Promise<Response> {
    const origin = c.get('origin');
    const trail = c.get('trail');
    const { callerAddress } = origin;
    let ticket: TicketContent | undefined;

    async function openTicket(text: string): Promise<SubjectToken> {
      const opened = readTicket(await seal.open(text));
      if (opened === undefined) {
        throw refuse({ reason: 'ticket_invalid', problem: 'another version wrote the ticket' });
      }
      ticket = opened;
      const { id, uses } = opened;
      trail.add({ ticketId: id });
      const expiresAt = checkTicket(opened, { config, settings, nowMs: now(), callerAddress });
      const token = await keeper.verifyKept(opened.token, expiresAt);
      return { ...token, ticket: { id, expiresAt, ...(uses === undefined ? {} : { uses }) } };
    }

    try {
      const issued = await issueCredentials(
        {
          ...deps,
          verifySubjectToken: openTicket,
          decide: (token, asked) => {
            if (ticket === undefined) throw new Error('the ticket was not opened');
            return decideWithin(ticket, deps.decide(token, asked));
          },
        },
        {
          origin,
          trail,
          assumeRole: c.get('assumeRole'),
          readToken: () => c.req.path.slice(TICKETS.length),
          read: async () => {
            const asked = Object.entries(ticket?.asked ?? {});
            trail.add({ requested: describeRequested(asked) });
            requireBareGet(c);
            return readMembers(asked);
          },
          describe: async () => undefined,
        },
      );
      const body = toCredentialBody(issued, origin.requestId, config.buckets);
      return sendJson(c, body, toRateLimitHeaders(issued.rateLimits));
    } catch (error) {
      if (ticket?.isForMobile !== true || !(error instanceof RefusalError)) throw error;
      const body = toMobileError(error.refusal, origin.requestId);
      return sendJson(c, body, toRefusalHeaders(error.refusal));
    }
  }

  return {
    name: 'credential_urls',
    owns: ({ path }) => path === URLS || path.startsWith(TICKETS),
    routes: api,
    answerError,
  };
}

/** The ticket says everything. What else is sent would have to be ignored. */
function requireBareGet(c: Context<SurfaceEnv>): void {
  requireJsonAccepted(c.req.header('accept'));
  requireNoQuery(c.req.url);
  requireNoBody(c.req);
  requireNoAuthorization(c.req.header('authorization'));
}

function refuseMethod(allow: string) {
  return (c: Context<SurfaceEnv>) => refuseWith(c, refuse({ reason: 'method_not_allowed', allow }));
}
