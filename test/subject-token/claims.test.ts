/** The checks of the claims of a token with a valid signature. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrustedIssuer } from '../../src/config/config.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { signCompact } from '../support/keys.ts';
import { createTestClock, refusalOf, verifierFor } from './arrange.ts';

const clock = createTestClock();
const NOW = clock.now() / 1000;

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await createTestIssuer({ now: clock.now });
});
afterAll(() => issuer.close());

async function verifyClaims(claims: object, trusted: Partial<TrustedIssuer> = {}, now = clock.now) {
  return verifierFor(issuer.trusted(trusted), { now })(await issuer.token({ ...claims }));
}

/** The same for payloads that JSON.stringify cannot write, such as 1e400. */
function verifyPayload(more: string) {
  const [key] = issuer.keys();
  const { exp: _exp, ...claims } = issuer.claims();
  const payload = `${JSON.stringify(claims).slice(0, -1)},${more}}`;
  const token = signCompact({ alg: key.algorithm, kid: key.keyId }, payload, key);
  return verifierFor(issuer.trusted(), { now: clock.now })(token);
}

describe('the audience', () => {
  it.each<[string, unknown]>([
    ['a string', 'oss-token-broker'],
    ['an array with one member', ['oss-token-broker']],
    ['one of several', ['a', 'oss-token-broker']],
    ['another audience of the issuer', 'second'],
  ])('may be %s', async (_what, aud) => {
    const audiences = ['oss-token-broker', 'second'];
    expect((await verifyClaims({ aud }, { audiences })).subject).toBe('user-1');
  });

  it.each<[string, unknown, string]>([
    ['another string', 'someone-else', 'audience_mismatch'],
    ['a longer string', 'oss-token-broker-2', 'audience_mismatch'],
    ['a shorter string', 'oss-token', 'audience_mismatch'],
    ['in another case', 'OSS-Token-Broker', 'audience_mismatch'],
    ['a list in one string', 'oss-token-broker someone-else', 'audience_mismatch'],
    ['empty', '', 'audience_mismatch'],
    ['an empty array', [], 'audience_mismatch'],
    ['absent', undefined, 'claim_invalid'],
    ['null', null, 'claim_invalid'],
    ['a number', 1, 'claim_invalid'],
    ['an object', { 'oss-token-broker': true }, 'claim_invalid'],
    ['a nested array', [['oss-token-broker']], 'claim_invalid'],
    ['an array that also has a number', ['oss-token-broker', 1], 'claim_invalid'],
  ])('is refused when it is %s', async (_what, aud, reason) => {
    expect((await refusalOf(verifyClaims({ aud }))).reason).toBe(reason);
  });
});

describe('the subject and the token id', () => {
  it.each<[string, unknown]>([
    ['absent', undefined],
    ['null', null],
    ['empty', ''],
    ['a number', 42],
    ['an array', ['user-1']],
    ['an object', { id: 'user-1' }],
    ['longer than 1,024 characters', 'u'.repeat(1025)],
    ['half a surrogate pair', '\ud800'],
  ])('are refused when the subject is %s', async (_what, sub) => {
    const refusal = await refusalOf(verifyClaims({ sub }));
    expect(refusal).toMatchObject({ reason: 'claim_invalid', claim: 'sub' });
  });

  it.each(['u'.repeat(1024), 'repo:org/app:ref:refs/heads/main', '🦊', '..', 'a\0b', '*'])(
    'are returned unchanged for the subject %j',
    async (sub) => {
      expect((await verifyClaims({ sub })).subject).toBe(sub);
    },
  );

  it.each<[unknown, boolean]>([
    [undefined, true],
    ['t-1', true],
    ['', false],
    [7, false],
    [null, false],
    ['\udc00', false],
  ])('are checked for the token id %j (accepted: %s)', async (jti, isAccepted) => {
    const verdict = verifyClaims({ jti });
    if (isAccepted) expect((await verdict).tokenId).toBe(jti);
    else expect(await refusalOf(verdict)).toMatchObject({ reason: 'claim_invalid', claim: 'jti' });
  });
});

describe('claims of other kinds of token', () => {
  it.each<[string, unknown]>([
    ['events', { 'http://schemas.openid.net/event/backchannel-logout': {} }],
    ['events', null],
    ['cnf', { jkt: 'AAAA' }],
    ['cnf', {}],
  ])('are refused: %s %j', async (claim, value) => {
    const refusal = await refusalOf(verifyClaims({ [claim]: value }));
    expect(refusal).toEqual({ reason: 'claim_not_allowed', issuerName: 'test', claim });
  });

  it('are accepted if they are harmless, such as a nonce', async () => {
    expect((await verifyClaims({ nonce: 'n-1' })).claims['nonce']).toBe('n-1');
  });
});

describe('times', () => {
  const trusted = {
    clockToleranceSeconds: 30,
    maxTokenAgeSeconds: 3600,
    tokensValidAfter: NOW - 9000,
  };

  it.each<[string, object, string | undefined]>([
    ['exp in one second', { exp: NOW + 1 }, undefined],
    ['exp past but within the tolerance', { exp: NOW - 29 }, undefined],
    ['exp past by a fraction less than the tolerance', { exp: NOW - 29.999 }, undefined],
    ['exp past by exactly the tolerance', { exp: NOW - 30 }, 'token_expired'],
    ['exp long past', { exp: NOW - 600 }, 'token_expired'],
    ['iat in the future by the tolerance', { iat: NOW + 30 }, undefined],
    ['iat in the future by more', { iat: NOW + 31 }, 'token_not_yet_valid'],
    ['nbf past', { nbf: NOW - 1 }, undefined],
    ['nbf in the future by the tolerance', { nbf: NOW + 30 }, undefined],
    ['nbf in the future by more', { nbf: NOW + 31 }, 'token_not_yet_valid'],
    ['the oldest accepted iat', { iat: NOW - 3630 }, undefined],
    ['an older iat', { iat: NOW - 3631 }, 'token_too_old'],
    ['an older iat with an exp in the far future', { iat: NOW - 3631, exp: 9e10 }, 'token_too_old'],
    ['an exp at the end of 9999', { exp: 253_402_300_799 }, undefined],
    ['an exp after the end of 9999', { exp: 253_402_300_800 }, 'claim_invalid'],
    ['an exp in milliseconds', { exp: NOW * 1000 }, 'claim_invalid'],
    ['an exp before 1970', { exp: -1 }, 'claim_invalid'],
    ['no exp', { exp: undefined }, 'claim_invalid'],
    ['no iat', { iat: undefined }, 'claim_invalid'],
    ['exp as text', { exp: String(NOW + 60) }, 'claim_invalid'],
    ['iat as text', { iat: String(NOW) }, 'claim_invalid'],
    ['nbf as text', { nbf: String(NOW) }, 'claim_invalid'],
    ['exp null', { exp: null }, 'claim_invalid'],
    ['iat true', { iat: true }, 'claim_invalid'],
    ['nbf null', { nbf: null }, 'claim_invalid'],
    ['exp as an array', { exp: [NOW + 60] }, 'claim_invalid'],
  ])('are checked: %s', async (_what, claims, reason) => {
    const verdict = verifyClaims(claims, trusted);

    if (reason === undefined) expect((await verdict).subject).toBe('user-1');
    else expect((await refusalOf(verdict)).reason).toBe(reason);
  });

  it('are checked to the millisecond', async () => {
    const at = (ms: number) => () => NOW * 1000 + ms;
    const strict = { clockToleranceSeconds: 0 };
    const claims = { iat: NOW - 10, exp: NOW };

    expect((await verifyClaims(claims, strict, at(-1))).expiresAt).toBe(NOW);
    expect(await refusalOf(verifyClaims(claims, strict, at(0)))).toEqual({
      reason: 'token_expired',
      issuerName: 'test',
      expiredAt: NOW,
    });
  });

  it.each(['"exp":1e400', '"exp":-1e400', '"exp":-0.5'])('are refused when %s', async (exp) => {
    expect(await refusalOf(verifyPayload(exp))).toMatchObject({
      reason: 'claim_invalid',
      claim: 'exp',
    });
    await verifyPayload(`"exp":${NOW + 60}`);
  });

  it('are returned in whole seconds', async () => {
    const { issuedAt, expiresAt } = await verifyClaims({ iat: NOW - 0.5, exp: NOW + 60.9 });

    expect({ issuedAt, expiresAt }).toEqual({ issuedAt: NOW - 1, expiresAt: NOW + 60 });
  });

  it('are refused before tokensValidAfter, whatever the tolerance', async () => {
    const trusted = { tokensValidAfter: NOW - 60 };

    expect((await verifyClaims({ iat: NOW - 60 }, trusted)).issuedAt).toBe(NOW - 60);
    expect(await refusalOf(verifyClaims({ iat: NOW - 61 }, trusted))).toEqual({
      reason: 'token_revoked',
      issuerName: 'test',
      issuedAt: NOW - 61,
      validAfter: NOW - 60,
    });
  });
});
