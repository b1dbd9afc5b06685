/** Renders a credential URL, and refusals as the mobile SDKs read them. */
import type { Config } from '../../config/config.ts';
import type { Admitted } from '../../issue-credentials.ts';
import type { Refusal } from '../../refusal.ts';
import { toGrantMember, toWholeSeconds } from '../http/credential-members.ts';
import { answerFor } from '../native/public-answers.ts';
import type { TicketContent } from './ticket.ts';

/** `TicketId` is no secret, `Url` is. */
export function toUrlBody(
  url: string,
  ticket: TicketContent,
  { grant, narrowed }: Pick<Admitted, 'grant' | 'narrowed'>,
  around: { readonly requestId: string; readonly buckets: Config['buckets'] },
): string {
  return JSON.stringify({
    RequestId: around.requestId,
    Url: url,
    ExpiresAt: toWholeSeconds(ticket.expiresAt * 1000),
    TicketId: ticket.id,
    ...(ticket.uses === undefined ? {} : { Uses: ticket.uses }),
    ...(ticket.address === undefined ? {} : { BoundAddress: ticket.address }),
    Grant: toGrantMember(grant.name, narrowed.allowances, around.buckets),
  });
}

/**
 * The SDKs for Android and iOS read the members of a refusal from an answer with status 200 only
 * (OSSAuthCredentialsProvider.java, OSSModel.m).
 */
export function toMobileError({ reason }: Refusal, requestId: string): string {
  const { status, code, detail } = answerFor(reason);
  return JSON.stringify({
    StatusCode: status,
    ErrorCode: code,
    ErrorMessage: detail,
    RequestId: requestId,
  });
}
