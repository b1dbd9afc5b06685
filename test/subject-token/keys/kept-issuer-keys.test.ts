import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrustedIssuer } from '../../../src/config/config.ts';
import { createKeptIssuerKeys } from '../../../src/subject-token/keys/kept-issuer-keys.ts';
import { createTestIssuer, type TestIssuer } from '../../support/issuer.ts';
import { refusalOf, verifierFor } from '../arrange.ts';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await createTestIssuer();
});
afterAll(() => issuer.close());

/** Verifies with one config, then with another. Returns how often keys were fetched for the second. */
async function fetchesFor(first: TrustedIssuer, second: TrustedIssuer): Promise<number> {
  const keepKeys = createKeptIssuerKeys();
  await verifierFor(first, { keepKeys })(await issuer.token()).catch(() => undefined);
  const before = issuer.requests.jwks;
  await verifierFor(second, { keepKeys })(await issuer.token()).catch(() => undefined);
  return issuer.requests.jwks - before;
}

describe('the keys of an issuer', () => {
  it('are handed on to the next config', async () => {
    expect(await fetchesFor(issuer.trusted(), issuer.trusted())).toBe(0);
  });

  it.each<[string, Partial<TrustedIssuer>]>([
    ['audiences', { audiences: ['oss-token-broker', 'another'] }],
    ['maxTokenAge', { maxTokenAgeSeconds: 60 }],
    ['clockTolerance', { clockToleranceSeconds: 1 }],
    ['tokensValidAfter', { tokensValidAfter: 1 }],
    ['deny', { deny: { subjects: [], tokenIds: [], keyIds: ['key'] } }],
    ['oneTimeTokens', { oneTimeTokens: true }],
    ['attributes', { attributes: [] }],
    ['types', { types: ['other'] }],
  ])('are handed on when %s changes, which does not affect them', async (_what, change) => {
    expect(await fetchesFor(issuer.trusted(), issuer.trusted(change))).toBe(0);
  });

  it.each<[string, Partial<TrustedIssuer>]>([
    ['the address of its keys', { keys: { kind: 'jwksUri', uri: 'http://127.0.0.1:1/' } }],
    ['its algorithms', { algorithms: ['ES256'] }],
    ['its name', { name: 'renamed' }],
    ['privateNetwork', { privateNetwork: true }],
  ])('are not handed on when %s changes', async (_what, change) => {
    const keepKeys = createKeptIssuerKeys();
    const first = keepKeys([issuer.trusted()], stub);
    const second = keepKeys([issuer.trusted(change)], stub);

    expect(second[0]?.keys).not.toBe(first[0]?.keys);
  });

  it('are forgotten when a config omits the issuer', async () => {
    const keepKeys = createKeptIssuerKeys();
    const first = keepKeys([issuer.trusted()], stub);
    keepKeys([], stub);
    const third = keepKeys([issuer.trusted()], stub);

    expect(third[0]?.keys).not.toBe(first[0]?.keys);
  });

  it('are used with the new config: a type that it does not allow is refused', async () => {
    const keepKeys = createKeptIssuerKeys();
    await verifierFor(issuer.trusted(), { keepKeys })(await issuer.token());
    const strict = verifierFor(issuer.trusted({ types: ['other'] }), { keepKeys });

    expect((await refusalOf(strict(await issuer.token()))).reason).toBe('token_type_not_allowed');
  });
});

/** Keys that no test uses. */
function stub() {
  return { find: () => Promise.reject(new Error('unused')), warm: async () => {} };
}
