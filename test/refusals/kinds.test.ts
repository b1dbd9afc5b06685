/** The kinds of refusals that the limits and the circuit act on. */
import { describe, expect, it } from 'vitest';
import { REASONS } from '../../src/api/http/public-code.ts';
import { answerFor } from '../../src/api/native/public-answers.ts';
import { isOutage, isTokenRefusal, refuse } from '../../src/refusal.ts';
import { REFUSALS } from './kinds.ts';

describe('the kinds of refusals', () => {
  it('are tested for every reason', () => {
    expect(REFUSALS.map(({ reason }) => reason).sort()).toEqual([...REASONS].sort());
  });

  it.each(REFUSALS)(
    'include $reason as a token refusal exactly if its status is 401',
    (refusal) => {
      // status 401 says that the subject token is the cause
      expect(isTokenRefusal(refuse(refusal))).toBe(answerFor(refusal.reason).status === 401);
    },
  );

  it('include two outages of STS', () => {
    const outages = REFUSALS.filter(isOutage).map(({ reason }) => reason);

    expect(outages).toEqual(['sts_unavailable']);
  });

  it('include no defect as a token refusal', () => {
    expect(isTokenRefusal(new TypeError('token_missing'))).toBe(false);
  });
});
