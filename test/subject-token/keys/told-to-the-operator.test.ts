/** The exact details that the operator gets when a subject token is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrustedIssuer } from '../../../src/config/config.ts';
import type { OperationalEvent } from '../../../src/observe/event.ts';
import { createTestIssuer, type TestIssuer } from '../../support/issuer.ts';
import { generateSigningKey, type SigningKey, signCompact } from '../../support/keys.ts';
import { refusalOf, verifierFor } from '../arrange.ts';

let issuer: TestIssuer;
let ec: SigningKey;
let ed: SigningKey;
beforeAll(async () => {
  issuer = await createTestIssuer();
  ec = generateSigningKey('ES256', 'ec');
  ed = generateSigningKey('EdDSA', 'ed');
});
afterAll(() => issuer.close());

async function refusalFor(claims: object, trusted: Partial<TrustedIssuer> = {}) {
  return refusalOf(verifierFor(issuer.trusted(trusted))(await issuer.token({ ...claims })));
}

function verifierWith(keys: readonly unknown[], observe?: (event: OperationalEvent) => void) {
  const trusted = issuer.trusted({
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    keys: { kind: 'jwks', jwks: { keys: keys.map(toObject) } },
  });
  return verifierFor(trusted, observe === undefined ? {} : { observe });
}

/** The value as JSON.parse returns it. */
function toObject(value: unknown): object {
  return JSON.parse(JSON.stringify(value));
}

async function droppedFrom(keys: readonly unknown[]): Promise<readonly string[]> {
  const dropped: string[] = [];
  const verify = verifierWith(keys, (event) => {
    if (event.kind === 'keys_loaded') dropped.push(...event.dropped);
  });
  await verify.warm();
  return dropped;
}

describe('the details of a refused claim', () => {
  const FAR = Math.floor(Date.now() / 1000) + 300;

  it.each<[object, object]>([
    [{ aud: 7 }, { claim: 'aud', problem: 'is not a string or an array of strings' }],
    [{ sub: '' }, { claim: 'sub', problem: 'is not a non-empty string' }],
    [{ sub: 'u'.repeat(1025) }, { claim: 'sub', problem: 'is too long' }],
    [{ sub: '\ud800' }, { claim: 'sub', problem: 'is not well-formed Unicode' }],
    [{ jti: 7 }, { claim: 'jti', problem: 'is not a non-empty string' }],
    [{ exp: 'soon' }, { claim: 'exp', problem: 'is not a number' }],
    [{ iat: -1 }, { claim: 'iat', problem: 'is out of range' }],
  ])('say what is wrong with %o', async (claims, facts) => {
    expect(await refusalFor(claims)).toEqual({
      reason: 'claim_invalid',
      issuerName: 'test',
      ...facts,
    });
  });

  it.each(['iat', 'nbf'] as const)('say that %s is in the future', async (claim) => {
    const refusal = await refusalFor({ [claim]: FAR });
    expect(refusal).toEqual({ reason: 'token_not_yet_valid', issuerName: 'test', claim });
  });

  it('have no token id if the token has none', async () => {
    const verified = await verifierFor(issuer.trusted())(await issuer.token());
    expect(verified).not.toHaveProperty('tokenId');
    const named = await verifierFor(issuer.trusted())(await issuer.token({ jti: 'one' }));
    expect(named.tokenId).toBe('one');
  });
});

describe('the details of a malformed token', () => {
  it.each<[string, (token: string) => string, string]>([
    ['two segments', (token) => token.replace('.', ''), 'is not three segments separated by dots'],
    ['no header', (token) => token.replace(/^[^.]+/, ''), 'is not three segments'],
    ['no payload', (token) => token.replace(/\.[^.]+\./, '..'), 'is not three segments'],
    ['a bad signature', (token) => `${token}=`, 'signature is not canonical base64url'],
    ['a bad header', (token) => `=${token}`, 'header is not canonical base64url'],
    ['a bad payload', (token) => token.replace('.', '.='), 'payload is not canonical base64url'],
  ])('name the bad part: %s', async (_what, change, problem) => {
    const refusal = await refusalOf(verifierFor(issuer.trusted())(change(await issuer.token())));

    expect(refusal).toEqual({
      reason: 'token_malformed',
      problem: expect.stringContaining(problem),
    });
  });
});

describe('the details of a refused issuer', () => {
  it.each<[unknown, string]>([
    ['https://mistyped.example', 'https://mistyped.example'],
    ['https://long.example/'.padEnd(300, 'x'), 'https://long.example/'.padEnd(200, 'x')],
    [7, 'number'],
    [undefined, 'undefined'],
  ])('show the iss of the token: %j', async (iss, claimedIssuer) => {
    expect(await refusalFor({ iss })).toEqual({ reason: 'issuer_untrusted', claimedIssuer });
  });

  it.each<[string, (url: string) => string, string]>([
    ['a slash that is missing', (url) => url.slice(0, -1), 'a trailing slash'],
    ['case', (url) => url.toUpperCase(), 'case'],
    ['both', (url) => url.slice(0, -1).toUpperCase(), 'case and a trailing slash'],
  ])('hint at the issuer that differs by %s alone', async (_what, change, difference) => {
    const slashed = await createTestIssuer({ path: '/' });
    const iss = change(slashed.url);
    const token = await slashed.token({ iss });
    const refusal = await refusalOf(verifierFor(slashed.trusted())(token));
    await slashed.close();

    expect(refusal).toEqual({
      reason: 'issuer_untrusted',
      claimedIssuer: iss,
      hint: `differs from issuer "test" by ${difference} alone`,
    });
  });

  it('hint at no issuer whose name differs otherwise', async () => {
    for (const iss of [`${issuer.url}//`, `${issuer.url}x`, ` ${issuer.url}`, '/', '']) {
      const refusal = await refusalFor({ iss });
      expect(refusal).toStrictEqual({ reason: 'issuer_untrusted', claimedIssuer: iss });
    }
  });

  it.each<[unknown, string]>([
    ['https://other.example', 'names another issuer ("https://other.example")'],
    ['y'.repeat(300), `names another issuer ("${'y'.repeat(200)}")`],
    [7, 'names another issuer'],
  ])('show the issuer that its metadata name: %j', async (name, problem) => {
    const other = await createTestIssuer();
    other.discover({ issuer: name });
    const refusal = await refusalOf(verifierFor(other.trusted())(await other.token()));
    await other.close();

    expect(refusal).toMatchObject({ problem: `the discovery document: ${problem}` });
  });

  it('say that the jwks_uri in its metadata is unusable', async () => {
    for (const uri of [7, ['https://a.example'], 'ftp://a.example', 'http://a.example']) {
      const other = await createTestIssuer();
      other.discover({ jwks_uri: uri });
      const refusal = await refusalOf(verifierFor(other.trusted())(await other.token()));
      await other.close();

      expect(refusal).toMatchObject({
        problem: 'the discovery document: "jwks_uri" is neither https nor loopback http',
      });
    }
  });

  it('say that a pinned address of its keys is unusable', async () => {
    const keys = { kind: 'jwksUri', uri: 'http://keys.example' } as const;

    expect(await refusalFor({}, { keys })).toMatchObject({
      problem: 'the JWKS: its address is neither https nor loopback http',
    });
  });
});

describe('the details of a key', () => {
  it.each<[string, () => unknown, string]>([
    ['is not an object', () => 'canary', 'key 0 is not an object'],
    ['is null', () => null, 'key 0 is not an object'],
    ['is a list', () => [], 'key 0 is not an object'],
    [
      'has a point that is not base64url',
      () => ({ ...ec.publicJwk, x: 'a b' }),
      'key 0 has no readable',
    ],
    [
      'has a point with another character',
      () => ({ ...ec.publicJwk, x: '+ab' }),
      'key 0 has no readable point',
    ],
    ['has half a point', () => ({ ...ec.publicJwk, y: undefined }), 'key 0 has no readable point'],
    ['is an Edwards key without a point', () => ({ kty: 'OKP', crv: 'Ed25519' }), 'no readable'],
    ['is for another algorithm', () => ({ ...ec.publicJwk, alg: 'Ed25519' }), 'fits none of'],
    ['is an Edwards key for ES256', () => ({ ...ed.publicJwk, alg: 'ES256' }), 'fits none of'],
    ['is for EdDSA but on P-256', () => ({ ...ec.publicJwk, alg: 'EdDSA' }), 'fits none of'],
  ])('say why it is left out: it %s', async (_what, keyOf, problem) => {
    expect(await droppedFrom([keyOf()])).toEqual([expect.stringContaining(problem)]);
  });

  it('name every key that shares its kid, and no other', async () => {
    const { kid: _kid, ...nameless } = ec.publicJwk;

    expect(await droppedFrom([ec.publicJwk, ec.publicJwk, nameless, nameless])).toEqual([
      'key 0 shares its "kid" with another key',
      'key 1 shares its "kid" with another key',
    ]);
  });

  it('include its kid, even if the token has none', async () => {
    const other = generateSigningKey('RS256', 'another');
    const verify = verifierWith([other.publicJwk, ec.publicJwk]);
    const named = await verify(await issuer.token({}, { key: ec }));
    const unnamed = await verify(await issuer.token({}, { key: ec, header: { kid: undefined } }));

    expect([named.keyId, unnamed.keyId]).toEqual(['ec', 'ec']);
  });

  it('have no kid if the key has none', async () => {
    const { kid: _kid, ...nameless } = ec.publicJwk;
    const other = generateSigningKey('RS256', 'another');
    const verify = verifierWith([other.publicJwk, nameless]);
    const verified = await verify(await issuer.token({}, { key: ec, header: { kid: undefined } }));

    expect(verified).not.toHaveProperty('keyId');
    // the keys are from the config
    expect(verified).not.toHaveProperty('keyAgeSeconds');
  });
});

describe('the details of a refused header', () => {
  it('name the member that is not text', async () => {
    const [key] = issuer.keys();
    const token = signCompact({ alg: key.algorithm, kid: 7 }, issuer.claims(), key);

    expect(await refusalOf(verifierFor(issuer.trusted())(token))).toEqual({
      reason: 'header_not_allowed',
      header: 'kid',
      unverified: { kid: '7' },
    });
  });

  it('show a kid in full, though it looks like a secret', async () => {
    const kid = 'kQ7mX2pL9vB4nZ6tR1yC8wJ3hG5fD0sA';
    const token = await issuer.token({}, { header: { kid } });

    expect(await refusalOf(verifierFor(issuer.trusted())(token))).toMatchObject({
      reason: 'key_unknown',
      unverified: { kid },
    });
  });

  it('say that the type is not allowed, however it is written', async () => {
    for (const typ of [
      'x-application/jwt',
      'jwtapplication/',
      'jwt2',
      'application/application/jwt',
    ]) {
      const refusal = await refusalOf(
        verifierFor(issuer.trusted())(await issuer.token({}, { header: { typ } })),
      );
      const unverified = { typ };
      expect(refusal).toEqual({ reason: 'token_type_not_allowed', issuerName: 'test', unverified });
    }
    const plain = await issuer.token({}, { header: { typ: 'application/jwt' } });
    await verifierFor(issuer.trusted())(plain);
  });
});
