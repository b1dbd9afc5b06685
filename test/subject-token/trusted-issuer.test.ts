/** A trusted issuer can sign only for itself. */
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrustedIssuer } from '../../src/config/config.ts';
import { createVerifySubjectToken } from '../../src/subject-token/verify-subject-token.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { generateSigningKey, signCompact } from '../support/keys.ts';
import { ignoreEvents } from '../support/observe.ts';
import { fetchIssuer, refusalOf } from './arrange.ts';

let red: TestIssuer;
let blue: TestIssuer;
beforeAll(async () => {
  [red, blue] = await Promise.all([createTestIssuer(), createTestIssuer()]);
});
afterAll(() => Promise.all([red.close(), blue.close()]));

function verifierOf(...issuers: readonly TrustedIssuer[]) {
  return createVerifySubjectToken({
    issuers,
    now: Date.now,
    random: () => 1,
    fetchIssuer,
    observe: ignoreEvents,
  });
}

describe('trusted issuers', () => {
  it('are distinguished by iss', async () => {
    const verify = verifierOf(red.trusted({ name: 'red' }), blue.trusted({ name: 'blue' }));

    expect((await verify(await red.token())).issuer.name).toBe('red');
    expect((await verify(await blue.token())).issuer.name).toBe('blue');
  });

  it('cannot sign for one another, even if their keys share a kid', async () => {
    const verify = verifierOf(red.trusted(), blue.trusted());
    const [redKey] = red.keys();
    expect(blue.keys()[0].keyId).toBe(redKey.keyId);

    // Both orders: a cache shared by kid would return the key that came first.
    for (let round = 0; round < 2; round++) {
      const forged = await blue.token({}, { key: redKey });
      expect((await refusalOf(verify(forged))).reason).toBe('signature_invalid');
      await verify(await red.token());
      await verify(await blue.token());
    }
  });

  it('can sign with the jose library', async () => {
    const [key] = red.keys();
    const token = await new SignJWT({ plan: 'pro' })
      .setProtectedHeader({ alg: key.algorithm, kid: key.keyId })
      .setIssuer(red.url)
      .setSubject('user-7')
      .setAudience(['elsewhere', 'oss-token-broker'])
      .setIssuedAt()
      .setExpirationTime('5m')
      .setJti('t-1')
      .sign(key.privateKey);

    const subjectToken = await verifierOf(red.trusted())(token);

    expect(subjectToken).toMatchObject({
      subject: 'user-7',
      tokenId: 't-1',
      claims: { plan: 'pro' },
    });
    expect(subjectToken.expiresAt - subjectToken.issuedAt).toBe(300);
  });

  it.each<[string, (url: string) => unknown]>([
    ['absent', () => undefined],
    ['null', () => null],
    ['empty', () => ''],
    ['a number', () => 1],
    ['an array of the issuer', (url) => [url]],
    ['an array of the issuer and another', (url) => [url, 'https://evil.example']],
    ['an object', (url) => ({ [url]: url })],
    ['with a trailing slash', (url) => `${url}/`],
    ['with a path', (url) => `${url}/tenant`],
    ['with a query', (url) => `${url}?`],
    ['in upper case', (url) => url.toUpperCase()],
    ['with another host after it', (url) => `${url}.evil.example`],
    ['with userinfo', (url) => url.replace('://', '://user@')],
    ['with dot segments', (url) => `${url}/a/..`],
    ['with white space', (url) => `${url} `],
    ['with NUL', (url) => `${url}\0`],
    ['without its last character', (url) => url.slice(0, -1)],
    ['the name in the config', () => 'test'],
    ['__proto__', () => '__proto__'],
  ])('are not found if iss is %s', async (_what, makeIss) => {
    const verify = verifierOf(red.trusted());

    const refusal = await refusalOf(verify(await red.token({ iss: makeIss(red.url) })));

    expect(refusal).toMatchObject({ reason: 'issuer_untrusted' });
    await verify(await red.token());
  });

  it('are the only ones that the broker contacts', async () => {
    const stranger = await createTestIssuer();
    const verify = verifierOf(red.trusted());

    const refusal = await refusalOf(verify(await stranger.token()));

    expect(refusal).toMatchObject({ reason: 'issuer_untrusted' });
    expect(stranger.requests).toEqual({ discovery: 0, jwks: 0, other: 0 });
    await stranger.close();
  });

  it('do not make claims valid that were changed after signing', async () => {
    const verify = verifierOf(red.trusted());
    const [header, , signature] = (await red.token()).split('.');
    const admin = Buffer.from(JSON.stringify(red.claims({ sub: 'admin' }))).toString('base64url');

    const refusal = await refusalOf(verify(`${header}.${admin}.${signature}`));

    expect(refusal).toEqual({ reason: 'signature_invalid', issuerName: 'test' });
  });

  it('reveal the expiry of a token only if its signature is valid', async () => {
    const verify = verifierOf(red.trusted());
    const old = red.claims({ exp: 1000 });
    const [key] = red.keys();
    const header = { alg: key.algorithm, kid: key.keyId };

    const forged = signCompact(header, old, generateSigningKey('ES256', key.keyId));

    expect((await refusalOf(verify(forged))).reason).toBe('signature_invalid');
    const real = signCompact(header, old, key);
    expect((await refusalOf(verify(real))).reason).toBe('token_expired');
  });
});
