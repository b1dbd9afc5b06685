/** The checks of a token before its signature: their order, and that each is told before it is taken. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkUnverified, type UnverifiedCheck } from '../../src/subject-token/check-unverified.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { refusalOf } from './arrange.ts';

let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await createTestIssuer();
});
afterAll(() => issuer.close());

/** The checks that were told, and how they ended. */
async function check(compactJws: string) {
  const told: UnverifiedCheck[] = [];
  const known = { issuer: issuer.trusted() };
  const end = await refusalOf(
    (async () =>
      checkUnverified(
        compactJws,
        () => known,
        (one) => told.push(one),
      ))(),
  ).then(
    ({ reason }) => reason,
    () => 'passed',
  );
  return { told, end, issuer: known.issuer };
}

describe('the checks before the signature', () => {
  it('look at the form, then at the issuer, then at the header', async () => {
    const { told, end, issuer: trusted } = await check(await issuer.token());

    expect(end).toBe('passed');
    expect(told).toEqual([
      { step: 'form' },
      { step: 'issuer', jws: expect.objectContaining({ claimedIssuer: issuer.url }) },
      {
        step: 'header',
        jws: expect.objectContaining({ claimedIssuer: issuer.url }),
        issuer: trusted,
      },
    ]);
  });

  it.each<[string, (token: string) => string, string, readonly string[]]>([
    ['form', () => 'no token', 'token_malformed', ['form']],
    [
      'header',
      (token) => token.replace(/^[^.]+/, Buffer.from('{"alg":"none"}').toString('base64url')),
      'algorithm_not_allowed',
      ['form', 'issuer', 'header'],
    ],
  ])('end with the %s that is refused', async (_what, change, reason, steps) => {
    const { told, end } = await check(change(await issuer.token()));

    expect(end).toBe(reason);
    expect(told.map(({ step }) => step)).toEqual(steps);
  });
});
