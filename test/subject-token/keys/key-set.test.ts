/** Which keys of a JWKS are usable for subject tokens, and which one verifies a token. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OperationalEvent } from '../../../src/observe/event.ts';
import { createTestIssuer, type TestIssuer } from '../../support/issuer.ts';
import { generateSigningKey, type SigningKey, signCompact } from '../../support/keys.ts';
import { refusalOf, verifierFor } from '../arrange.ts';

let issuer: TestIssuer;
let rsa: SigningKey;
let ec: SigningKey;
let ed: SigningKey;
beforeAll(async () => {
  issuer = await createTestIssuer();
  rsa = generateSigningKey('RS256', 'rsa');
  ec = generateSigningKey('ES256', 'ec');
  ed = generateSigningKey('EdDSA', 'ed');
});
afterAll(() => issuer.close());

/** A verifier whose issuer publishes exactly these keys. */
function verifierWith(keys: readonly object[], observe?: (event: OperationalEvent) => void) {
  const trusted = issuer.trusted({
    algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    keys: { kind: 'jwks', jwks: { keys } },
  });
  return verifierFor(trusted, observe === undefined ? {} : { observe });
}

async function droppedFrom(keys: readonly object[]): Promise<readonly string[]> {
  const dropped: string[] = [];
  const verify = verifierWith(keys, (event) => {
    if (event.kind === 'keys_loaded') dropped.push(...event.dropped);
  });
  await verify.warm();
  return dropped;
}

describe('a published key', () => {
  it('may omit its use and algorithm', async () => {
    for (const key of [rsa, ec, ed]) {
      const { use: _use, alg: _alg, ...jwk } = key.publicJwk;
      await verifierWith([jwk])(await issuer.token({}, { key }));
    }
  });

  it.each<[string, () => SigningKey, object]>([
    ['several key_ops', () => ec, { key_ops: ['sign', 'verify'] }],
    ['the newer name of its algorithm', () => ed, { alg: 'Ed25519' }],
    ['a certificate chain, which is ignored', () => rsa, { x5c: ['MIIB'], x5t: 'AAAA' }],
    ['unknown members', () => ec, { issuer: 'x', exp: 1 }],
  ])('may have %s', async (_what, keyOf, more) => {
    const key = keyOf();
    await verifierWith([{ ...key.publicJwk, ...more }])(await issuer.token({}, { key }));
  });

  it.each<[string, () => SigningKey, object, string]>([
    ['is for encryption', () => rsa, { use: 'enc' }, 'is not for signatures ("use")'],
    ['has a use that is not text', () => rsa, { use: ['sig'] }, 'is not for signatures ("use")'],
    ['only signs', () => ec, { key_ops: ['sign'] }, 'is not for verification ("key_ops")'],
    [
      'has operations as text',
      () => ec,
      { key_ops: 'verify' },
      'is not for verification ("key_ops")',
    ],
    [
      'is for another algorithm',
      () => rsa,
      { alg: 'RS512' },
      "fits none of the issuer's algorithms",
    ],
    ['is for HMAC', () => rsa, { alg: 'HS256' }, "fits none of the issuer's algorithms"],
    [
      'has an algorithm that is not text',
      () => rsa,
      { alg: null },
      "fits none of the issuer's algorithms",
    ],
    ['contains its private part', () => ec, { d: 'AAAA' }, 'has secret members'],
    ['contains a prime', () => rsa, { p: 'AAAA' }, 'has secret members'],
    ['has the exponent 1', () => rsa, { e: 'AQ' }, 'has an exponent other than 65537'],
    ['has the exponent 3', () => rsa, { e: 'Aw' }, 'has an exponent other than 65537'],
    ['has a huge exponent', () => rsa, { e: '_____w' }, 'has an exponent other than 65537'],
    ['has a long modulus', () => rsa, { n: '_'.repeat(11_000) }, 'has a modulus of 66000 bits'],
    [
      'has a short modulus after zeros',
      () => rsa,
      { n: `${'A'.repeat(300)}_w` },
      'has a modulus of 8 bits',
    ],
    ['has a modulus of zero', () => rsa, { n: 'AAAA' }, 'has a modulus of 0 bits'],
    ['has no modulus', () => rsa, { n: undefined }, 'has no readable modulus'],
    ['has a point that is not on its curve', () => ec, { x: 'A'.repeat(43) }, 'cannot be imported'],
    ['has a point of the wrong length', () => ec, { x: 'AAAA' }, 'cannot be imported'],
    ['has no point', () => ec, { y: 1 }, 'has no readable point'],
    ['is on secp256k1', () => ec, { crv: 'secp256k1' }, 'has an unusable "crv"'],
    ['is on a curve for key agreement', () => ed, { crv: 'X25519' }, 'has an unusable "crv"'],
    ['is symmetric', () => ec, { kty: 'oct' }, 'has an unusable "kty"'],
    ['has no kty', () => ec, { kty: undefined }, 'has an unusable "kty"'],
    ['has a kid that is not text', () => ec, { kid: 7 }, 'has an unusable "kid"'],
    ['has a kid that is too long', () => ec, { kid: 'k'.repeat(257) }, 'has an unusable "kid"'],
  ])('is left out if it %s', async (_what, keyOf, change, problem) => {
    const key = keyOf();
    const jwk = { ...key.publicJwk, ...change };
    const token = await issuer.token({}, { key });

    expect(await droppedFrom([jwk])).toEqual([`key 0 ${problem}`]);
    const refusal = await refusalOf(verifierWith([jwk])(token));
    expect(refusal).toEqual({
      reason: 'key_unknown',
      issuerName: 'test',
      unverified: { alg: key.algorithm, kid: key.keyId },
    });
    await verifierWith([key.publicJwk])(token);
  });

  it.each([
    ['1024 bits', { rsaBits: 1024 }],
    ['2047 bits', { rsaBits: 2047 }],
    ['an exponent of 3', { rsaExponent: 3 }],
  ])('is left out if it is a real RSA key with %s', async (_what, weakness) => {
    const weak = generateSigningKey('RS256', 'weak', weakness);

    expect(await droppedFrom([weak.publicJwk])).toHaveLength(1);
    // Signed by hand, because jose does not sign with some of these keys.
    const token = signCompact({ alg: 'RS256', kid: 'weak' }, issuer.claims(), weak);
    expect((await refusalOf(verifierWith([weak.publicJwk])(token))).reason).toBe('key_unknown');
    const sound = signCompact({ alg: 'RS256', kid: 'rsa' }, issuer.claims(), rsa);
    await verifierWith([weak.publicJwk, rsa.publicJwk])(sound);
  });

  it('may have a modulus of 8,192 bits, and no more', async () => {
    const modulus = (...ahead: number[]) =>
      Buffer.from([...ahead, 0x80, ...Array.from({ length: 1023 }, () => 0xff)]);
    const jwkWith = (n: Buffer) => ({ ...rsa.publicJwk, n: n.toString('base64url') });

    expect(await droppedFrom([jwkWith(modulus())])).toEqual([]);
    expect(await droppedFrom([jwkWith(modulus(1))])).toEqual(['key 0 has a modulus of 8193 bits']);
  });

  it('does not affect the others if it is unusable', async () => {
    const verify = verifierWith([{ kty: 'oct', k: 'AAAA', kid: 'ec' }, { kid: 1 }, ec.publicJwk]);

    expect((await verify(await issuer.token({}, { key: ec }))).subject).toBe('user-1');
  });
});

describe('keys in the config that are too many', () => {
  it('are told to the operator, and none of them is used', async () => {
    const events: OperationalEvent[] = [];
    const keys = Array.from({ length: 51 }, () => ec.publicJwk);
    const verify = verifierWith(keys, (event) => events.push(event));
    await verify.warm();

    expect(events).toEqual([
      {
        kind: 'key_refresh_failed',
        issuerName: 'test',
        problem: expect.stringMatching(/^the JWKS has more than \d+ keys$/),
      },
    ]);
    expect((await refusalOf(verify(await issuer.token({}, { key: ec })))).reason).toBe(
      'key_unknown',
    );
  });
});

describe('the key for a token', () => {
  it('is the one with its kid', async () => {
    const other = generateSigningKey('ES256', 'other');
    const verify = verifierWith([other.publicJwk, ec.publicJwk]);

    await verify(await issuer.token({}, { key: ec }));
    const mislabelled = await issuer.token({}, { key: ec, header: { kid: 'other' } });
    expect((await refusalOf(verify(mislabelled))).reason).toBe('signature_invalid');
  });

  it('is never one that shares its kid with another', async () => {
    const twin = { ...generateSigningKey('ES256', 'ec').publicJwk };
    const token = await issuer.token({}, { key: ec });

    for (const keys of [
      [ec.publicJwk, twin],
      [twin, ec.publicJwk],
      [ec.publicJwk, ec.publicJwk],
    ]) {
      expect((await refusalOf(verifierWith(keys)(token))).reason).toBe('key_unknown');
      expect(await droppedFrom(keys)).toHaveLength(2);
    }
    await verifierWith([ec.publicJwk])(token);
  });

  it('is the only one that fits if the token has no kid', async () => {
    const token = await issuer.token({}, { key: ec, header: { kid: undefined } });
    const second = generateSigningKey('ES256', 'second').publicJwk;

    await verifierWith([rsa.publicJwk, ec.publicJwk, ed.publicJwk])(token);
    const refusal = await refusalOf(verifierWith([ec.publicJwk, second])(token));
    expect(refusal.reason).toBe('key_unknown');
    expect((await refusalOf(verifierWith([rsa.publicJwk])(token))).reason).toBe('key_unknown');
  });

  it('is not one without kid if the token has a kid', async () => {
    const { kid: _kid, ...anonymous } = ec.publicJwk;
    const verify = verifierWith([anonymous]);

    expect((await refusalOf(verify(await issuer.token({}, { key: ec })))).reason).toBe(
      'key_unknown',
    );
    await verify(await issuer.token({}, { key: ec, header: { kid: undefined } }));
  });

  it('can be used for several algorithms', async () => {
    const { alg: _alg, ...jwk } = rsa.publicJwk;
    const verify = verifierWith([jwk]);

    await verify(await issuer.token({}, { key: rsa }));
    await verify(await issuer.token({}, { key: { ...rsa, algorithm: 'PS256' } }));
    const disguised = await issuer.token({}, { key: rsa });
    const [, payload, signature] = disguised.split('.');
    const header = Buffer.from('{"alg":"PS256","kid":"rsa"}').toString('base64url');
    const refusal = await refusalOf(verify(`${header}.${payload}.${signature}`));
    expect(refusal.reason).toBe('signature_invalid');
  });

  it('comes from a set of at most 50 keys', async () => {
    const token = await issuer.token({}, { key: ec });
    const fillers = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...ec.publicJwk, kid: `filler-${index}` }));

    await verifierWith([...fillers(49), ec.publicJwk])(token);
    const refusal = await refusalOf(verifierWith([...fillers(50), ec.publicJwk])(token));
    expect(refusal.reason).toBe('key_unknown');
  });

  it('is unknown if the config has no usable key, which is reported once to the operator', async () => {
    const events: OperationalEvent[] = [];
    const verify = verifierWith([{ kty: 'oct', k: 'c2VjcmV0' }], (event) => events.push(event));
    const token = await issuer.token({}, { key: ec });

    for (let round = 0; round < 3; round++) {
      expect((await refusalOf(verify(token))).reason).toBe('key_unknown');
    }
    expect(events).toEqual([
      { kind: 'keys_loaded', issuerName: 'test', keys: 0, dropped: ['key 0 has secret members'] },
    ]);
  });
});
