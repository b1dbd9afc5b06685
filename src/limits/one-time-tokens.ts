/** One-time use of subject tokens: the first request that is granted uses the token up. */
import type { SubjectToken } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { type Reservation, type Reservations, StoreUnavailable } from '../store/store.ts';
import { limitKey } from './limit-key.ts';

/** Another instance may hold a token valid for longer, by as much as its clock is behind. */
const CLOCK_SKEW_SECONDS = 60;

export interface OneTimeUse {
  /** For a request that got nothing in the end, so that it may be tried again. Never throws. */
  readonly undo: () => Promise<void>;
}

/**
 * Makes the function that uses a token up. Throws `claim_invalid` for a token without `jti`,
 * `token_replayed` for one that is used up, `replay_store_unavailable` if nobody can tell.
 */
export function createOneTimeTokens(options: {
  readonly reservations: Reservations;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomUuid: () => string;
}): (token: SubjectToken) => Promise<OneTimeUse> {
  const { reservations, now, randomUuid } = options;

  return async function useOnce(token) {
    const reservation = { ...toReservation(token, now()), owner: randomUuid() };
    if (!(await reserve(reservations, reservation))) throw refuse({ reason: 'token_replayed' });
    return { undo: () => reservations.release(reservation) };
  };
}

/**
 * By issuer and `jti`, never by the token's text, of which there are several that verify. Held
 * until the token is refused for its age anyway.
 */
function toReservation(token: SubjectToken, nowMs: number): Omit<Reservation, 'owner'> {
  const { issuer, tokenId, issuedAt, expiresAt } = token;
  if (tokenId === undefined) {
    const problem = 'is missing, and tokens of this issuer are good for one use only';
    throw refuse({ reason: 'claim_invalid', claim: 'jti', problem });
  }
  const diesAt = Math.min(expiresAt, issuedAt + issuer.maxTokenAgeSeconds);
  const untilMs = (diesAt + issuer.clockToleranceSeconds + CLOCK_SKEW_SECONDS) * 1000;
  return {
    key: limitKey(['jti', issuer.issuer, tokenId]),
    lifeMs: Math.max(1000, Math.ceil(untilMs - nowMs)),
  };
}

async function reserve(reservations: Reservations, reservation: Reservation): Promise<boolean> {
  try {
    return await reservations.reserve(reservation);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    const retryAfterSeconds = Math.max(1, Math.ceil(error.retryAfterMs / 1000));
    throw refuse({ reason: 'replay_store_unavailable', problem: error.problem, retryAfterSeconds });
  }
}
