/** Makes a credential URL for a subject token. */
import type { Context } from 'hono';
import type { CredentialUrlSettings } from '../../config/credential-url-settings.ts';
import { admitRequest, type PipelineDeps } from '../../issue-credentials.ts';
import type { TicketSeal, TokenKeeper } from '../../ports.ts';
import { toRateLimitHeaders } from '../http/rate-limit-headers.ts';
import { requireNoQuery } from '../http/request-members.ts';
import { sendJson } from '../http/send-json.ts';
import type { SurfaceEnv } from '../http/surface-env.ts';
import { readJsonBody } from '../http/transport-rules.ts';
import { describeInTime, parseBody, readAudited, readSubjectToken } from '../native/request.ts';
import { TICKETS } from './addresses.ts';
import { toUrlBody } from './answer.ts';
import { makeTicket } from './make-ticket.ts';
import { readUrlRequest } from './request.ts';
import { writeTicket } from './ticket.ts';

export interface MakeUrlDeps {
  readonly settings: CredentialUrlSettings;
  /** The origin of every URL. */
  readonly publicUrl: string;
  readonly seal: Pick<TicketSeal, 'seal'>;
  readonly keeper: Pick<TokenKeeper, 'keep'>;
  readonly randomUuid: () => string;
}

/** Makes the handler. */
export function createMakeUrl(
  deps: PipelineDeps,
  { settings, publicUrl, seal, keeper, randomUuid }: MakeUrlDeps,
): (c: Context<SurfaceEnv>) => Promise<Response> {
  const { config, now } = deps;

  return async function makeUrl(c) {
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
          wanted = readUrlRequest(await readAudited(c, readSent), settings.maxLifeSeconds);
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
  };
}
