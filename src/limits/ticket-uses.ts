/** Counts the uses of credential URLs whose number of uses is limited. */
import type { SubjectToken } from '../ports.ts';
import { refuse } from '../refusal.ts';
import type { Reservations } from '../store/store.ts';
import { limitKey } from './limit-key.ts';
import { CLOCK_SKEW_SECONDS, type OneTimeUse, reserve, subjectKey } from './one-time-tokens.ts';

/**
 * Makes the function that takes one use of the credential URL that stands for the token, or returns
 * undefined if there is no URL or its uses are unlimited.
 * It throws `ticket_used_up`, and `replay_store_unavailable` if the store does not answer.
 */
export function createTicketUses(options: {
  readonly reservations: Reservations;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomUuid: () => string;
}): (token: SubjectToken) => Promise<OneTimeUse | undefined> {
  const { reservations, now, randomUuid } = options;

  return async function useTicket(token) {
    if (token.ticket?.uses === undefined) return undefined;
    const { id, uses, expiresAt } = token.ticket;
    const reservation = {
      key: limitKey(['ticket', id]),
      subject: subjectKey(token),
      owner: randomUuid(),
      holders: uses,
      lifeMs: Math.max(1000, Math.ceil((expiresAt + CLOCK_SKEW_SECONDS) * 1000 - now())),
    };
    if (!(await reserve(reservations, reservation))) {
      throw refuse({ reason: 'ticket_used_up', uses });
    }
    return { undo: () => reservations.release(reservation) };
  };
}
