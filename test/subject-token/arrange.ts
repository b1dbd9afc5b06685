/** Helpers that the tests of the verifier share. */
import { lookup } from 'node:dns';
import type { TrustedIssuer } from '../../src/config/config.ts';
import { type Refusal, RefusalError } from '../../src/refusal.ts';
import { createFetchIssuer } from '../../src/subject-token/keys/issuer-fetch.ts';
import {
  createVerifySubjectToken,
  type VerifySubjectTokenOptions,
} from '../../src/subject-token/verify-subject-token.ts';
import { ignoreEvents } from '../support/observe.ts';

/** The refusal that a promise ends in. Any other outcome fails the test. */
export async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
  const error = await promise.then(
    () => new Error('nothing was refused'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof RefusalError) return error.refusal;
  throw error;
}

/** The real fetch, with the real DNS. */
export const fetchIssuer = createFetchIssuer({ lookup });

/** A verifier for one issuer, by default with the real clock and network. */
export function verifierFor(
  issuer: TrustedIssuer,
  options: Partial<VerifySubjectTokenOptions> = {},
) {
  const world = { now: Date.now, random: () => 1, fetchIssuer, observe: ignoreEvents };
  return createVerifySubjectToken({ issuers: [issuer], ...world, ...options });
}

/** A clock that moves only by `advanceSeconds`. */
export function createTestClock(startMs = Date.UTC(2026, 10, 23, 18)) {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advanceSeconds(seconds: number) {
      nowMs += seconds * 1000;
    },
  };
}
