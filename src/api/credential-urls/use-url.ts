/** Answers a credential URL: opens its ticket, and decides again with the live config. */
import type { Context } from 'hono';
import type { CredentialUrlSettings } from '../../config/credential-url-settings.ts';
import { issueCredentials, type PipelineDeps } from '../../issue-credentials.ts';
import type { SubjectToken, TicketSeal, TokenKeeper } from '../../ports.ts';
import { RefusalError, refuse } from '../../refusal.ts';
import { toRateLimitHeaders } from '../http/rate-limit-headers.ts';
import { toRefusalHeaders } from '../http/refusal-headers.ts';
import { requireNoAuthorization, requireNoQuery } from '../http/request-members.ts';
import { sendJson } from '../http/send-json.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { requireJsonAccepted, requireNoBody } from '../http/transport-rules.ts';
import { toCredentialBody } from '../native/answer.ts';
import { describeRequested, readMembers } from '../native/request.ts';
import { TICKETS } from './addresses.ts';
import { toMobileError } from './answer.ts';
import { checkTicket, decideWithin } from './check-ticket.ts';
import { readTicket, type TicketContent } from './ticket.ts';

export interface UseUrlDeps {
  readonly settings: CredentialUrlSettings;
  readonly seal: Pick<TicketSeal, 'open'>;
  readonly keeper: Pick<TokenKeeper, 'verifyKept'>;
}

/** Makes the handler. */
export function createUseUrl(
  deps: PipelineDeps,
  { settings, seal, keeper }: UseUrlDeps,
): (c: Context<SurfaceEnv>) => Promise<Response> {
  const { config, now } = deps;

  return async function useUrl(c) {
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
      const { id, uses, expiresAt } = opened;
      trail.add({ ticketId: id });
      const endsAt = checkTicket(opened, { config, settings, nowMs: now(), callerAddress });
      const token = await keeper.verifyKept(opened.token, endsAt);
      // its uses are remembered until no config could accept it: the next one may let it live longer
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
  };
}

/** The ticket says everything. What else is sent would have to be ignored. */
function requireBareGet(c: Context<SurfaceEnv>): void {
  requireJsonAccepted(c.req.header('accept'));
  requireNoQuery(c.req.url);
  requireNoBody(c.req);
  requireNoAuthorization(c.req.header('authorization'));
}
