/** One-time use of subject tokens: the first granted request uses the token up. */
import { MAX_CLOCK_TOLERANCE_SECONDS, MAX_TOKEN_AGE_SECONDS } from '../config/issuer-bounds.ts';
import type { SubjectToken } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { type Reservation, type Reservations, StoreUnavailable } from '../store/store.ts';
import { limitKey } from './limit-key.ts';

/** An instance whose clock is behind accepts a token for longer, by up to this much. */
export const CLOCK_SKEW_SECONDS = 60;

export interface OneTimeUse {
  /** Releases the token after a later refusal, so that the request may be repeated. Never throws. */
  readonly undo: () => Promise<void>;
}

/**
 * Makes the function that uses a token up. It throws `claim_invalid` for a token without `jti`,
 * `token_replayed` for a used one, and `replay_store_unavailable` if the store does not answer.
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
 * The key is issuer and `jti`, not the token's text: several texts of one token can verify. The
 * reservation lasts until no config could accept the token: a reload may raise `maxTokenAge` and
 * `clockTolerance`, so it does not depend on their present values.
 */
function toReservation(token: SubjectToken, nowMs: number): Omit<Reservation, 'owner'> {
  const { issuer, tokenId, issuedAt, expiresAt } = token;
  if (tokenId === undefined) {
    const problem = 'is missing, but oneTimeTokens requires it';
    throw refuse({ reason: 'claim_invalid', issuerName: issuer.name, claim: 'jti', problem });
  }
  const endsAt = Math.min(expiresAt, issuedAt + MAX_TOKEN_AGE_SECONDS);
  const untilMs = (endsAt + MAX_CLOCK_TOLERANCE_SECONDS + CLOCK_SKEW_SECONDS) * 1000;
  return {
    key: limitKey(['jti', issuer.issuer, tokenId]),
    subject: subjectKey(token),
    lifeMs: Math.max(1000, Math.ceil(untilMs - nowMs)),
  };
}

/** The same for every token of one subject. */
export function subjectKey({ issuer, subject }: SubjectToken): string {
  return limitKey(['reserving', issuer.issuer, subject]);
}

/** Throws `replay_store_unavailable`. */
export async function reserve(
  reservations: Reservations,
  reservation: Reservation,
): Promise<boolean> {
  try {
    return await reservations.reserve(reservation);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    const retryAfterSeconds = Math.max(1, Math.ceil(error.retryAfterMs / 1000));
    throw refuse({ reason: 'replay_store_unavailable', problem: error.problem, retryAfterSeconds });
  }
}
