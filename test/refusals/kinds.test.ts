/** Kinds of refusals, by which the limits and the circuit act. */
import { describe, expect, it } from 'vitest';
import { answerFor, REASONS } from '../../src/api/native/public-answers.ts';
import { isOutage, isTokenRefusal, refuse } from '../../src/refusal.ts';
import { REFUSALS } from './kinds.ts';

describe('the kinds of refusals', () => {
  it('are looked at for every reason', () => {
    expect(REFUSALS.map(({ reason }) => reason).sort()).toEqual([...REASONS].sort());
  });

  it.each(REFUSALS)('count $reason for the token exactly if the caller is told so', (refusal) => {
    // one kind of public answer says that the subject token is to blame: status 401
    expect(isTokenRefusal(refuse(refusal))).toBe(answerFor(refusal.reason).status === 401);
  });

  it('count as outages what STS says of itself', () => {
    const outages = REFUSALS.filter(isOutage).map(({ reason }) => reason);

    expect(outages).toEqual(['sts_throttled', 'sts_unavailable']);
  });

  it('count no defect for the token', () => {
    expect(isTokenRefusal(new TypeError('token_missing'))).toBe(false);
  });
});
