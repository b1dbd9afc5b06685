/** The checks of the header: no token may choose how it is verified, or bring its own key. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Algorithm } from '../../src/config/config.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import {
  generateSigningKey,
  publishedSecrets,
  signCompact,
  signHs256,
  unsignedCompact,
} from '../support/keys.ts';
import { refusalOf, verifierFor } from './arrange.ts';

const ALGORITHMS: readonly [Algorithm, ...Algorithm[]] = [
  'ES256',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES384',
  'ES512',
  'EdDSA',
];

let issuer: TestIssuer;
let attacker: TestIssuer;
beforeAll(async () => {
  issuer = await createTestIssuer({ algorithms: ['ES256', 'RS256', 'EdDSA'] });
  attacker = await createTestIssuer();
});
afterAll(() => Promise.all([issuer.close(), attacker.close()]));

/** A token with exactly this header, genuinely signed; by default with the issuer's first key. */
function signedWith(header: object, key = issuer.keys()[0]): string {
  return signCompact(header, issuer.claims(), key);
}

function usualHeader(): { alg: string; kid: string } {
  const [key] = issuer.keys();
  return { alg: key.algorithm, kid: key.keyId };
}

function verify(token: string) {
  return verifierFor(issuer.trusted({ algorithms: ['ES256', 'RS256', 'EdDSA'] }))(token);
}

describe('the algorithm', () => {
  it.each(ALGORITHMS)('can be %s if the issuer is trusted with it', async (algorithm) => {
    const key = generateSigningKey(algorithm, 'k');
    const trusted = issuer.trusted({
      algorithms: [algorithm],
      keys: { kind: 'jwks', jwks: { keys: [key.publicJwk] } },
    });
    const token = await issuer.token({}, { key });
    const other = generateSigningKey(algorithm, 'k');
    const forged = await issuer.token({}, { key: other });

    expect((await verifierFor(trusted)(token)).subject).toBe('user-1');
    expect((await refusalOf(verifierFor(trusted)(forged))).reason).toBe('signature_invalid');
  });

  it('is refused if the issuer is not trusted with it', async () => {
    const token = await issuer.token();
    const narrow = verifierFor(issuer.trusted({ algorithms: ['RS256'] }));

    const refusal = await refusalOf(narrow(token));

    const unverified = { alg: 'ES256' };
    expect(refusal).toEqual({ reason: 'algorithm_not_allowed', issuerName: 'test', unverified });
    await verify(token);
  });

  it.each<[string, unknown]>([
    ['absent', undefined],
    ['none', 'none'],
    ['None', 'None'],
    ['NONE', 'NONE'],
    ['nOnE', 'nOnE'],
    ['none with a space', 'none '],
    ['empty', ''],
    ['null', null],
    ['a number', 256],
    ['true', true],
    ['an array with an allowed one', ['ES256']],
    ['an object', { alg: 'ES256' }],
    ['in lower case', 'es256'],
    ['HS256', 'HS256'],
    ['dir', 'dir'],
    ['RSA-OAEP', 'RSA-OAEP'],
    ['a name of Object.prototype', 'constructor'],
  ])('is refused if it is %s', async (_what, alg) => {
    const header = { ...usualHeader(), alg };
    const tokens = [signedWith(header), unsignedCompact(header, issuer.claims(), 'AAAA')];

    for (const token of tokens) {
      expect((await refusalOf(verify(token))).reason).toBe('algorithm_not_allowed');
    }
    // The usual form of the attack has no signature at all.
    const bare = unsignedCompact(header, issuer.claims());
    expect((await refusalOf(verify(bare))).reason).toBe('token_malformed');
  });

  it('cannot turn published values of the issuer into an HMAC secret', async () => {
    for (const key of issuer.keys()) {
      for (const [, secret] of publishedSecrets(key)) {
        const header = { alg: 'HS256', kid: key.keyId };
        const honest = { alg: key.algorithm, kid: key.keyId };

        const refusal = await refusalOf(verify(signHs256(header, issuer.claims(), secret)));
        expect(refusal.reason).toBe('algorithm_not_allowed');
        const disguised = await refusalOf(verify(signHs256(honest, issuer.claims(), secret)));
        expect(disguised.reason).toBe('signature_invalid');
      }
      await verify(await issuer.token({}, { key }));
    }
  });

  it('must be that of the named key', async () => {
    const [es, rs] = issuer.keys();
    const token = signedWith({ alg: 'RS256', kid: es.keyId }, rs);

    const refusal = await refusalOf(verify(token));

    expect(refusal).toEqual({
      reason: 'key_unknown',
      issuerName: 'test',
      unverified: { alg: 'RS256', kid: es.keyId },
      keyAgeSeconds: 0,
    });
  });
});

describe('a header that brings or names a key', () => {
  it.each<[string, (own: object, url: string) => unknown]>([
    ['jwk', (own) => own],
    ['jku', (_own, url) => `${url}/jwks.json`],
    ['x5u', (_own, url) => `${url}/cert.pem`],
    ['x5c', () => ['MIIB']],
    ['crit', () => ['exp']],
    ['crit', () => []],
    ['b64', () => false],
    ['b64', () => true],
    ['enc', () => 'A256GCM'],
    ['zip', () => 'DEF'],
    ['jwk', () => null],
  ])('is refused for %s, and nothing is fetched from its address', async (name, makeValue) => {
    const [own] = attacker.keys();
    const value = makeValue(own.publicJwk, attacker.url);
    const header = { ...usualHeader(), [name]: value };

    for (const token of [signedWith(header), signedWith(header, own)]) {
      const refusal = await refusalOf(verify(token));
      expect(refusal).toEqual({ reason: 'header_not_allowed', header: name });
    }
    expect(attacker.requests).toEqual({ discovery: 0, jwks: 0, other: 0 });
    await verify(signedWith(usualHeader()));
  });

  it('may contain members that the broker does not know', async () => {
    await verify(signedWith({ ...usualHeader(), x5t: 'AAAA', cty: 'x', nonce: 'n' }));
  });

  it.each<[string, unknown, string]>([
    ['a number', 1, 'header_not_allowed'],
    ['null', null, 'header_not_allowed'],
    ['an array', ['es256-1'], 'header_not_allowed'],
    ['empty', '', 'header_not_allowed'],
    ['longer than 256 characters', 'k'.repeat(257), 'header_not_allowed'],
    ['of the maximum length', 'k'.repeat(256), 'key_unknown'],
    ['__proto__', '__proto__', 'key_unknown'],
    ['constructor', 'constructor', 'key_unknown'],
    ['a path', '../../../../dev/null', 'key_unknown'],
    ['a URL', 'http://127.0.0.1:9/', 'key_unknown'],
    ['SQL', "' UNION SELECT 'secret", 'key_unknown'],
    ['a command', '| id', 'key_unknown'],
    ['in another case', 'ES256-1', 'key_unknown'],
  ])('is refused if kid is %s', async (_what, kid, reason) => {
    const header = { ...usualHeader(), kid };

    expect((await refusalOf(verify(signedWith(header)))).reason).toBe(reason);
    const empty = Buffer.alloc(0);
    const forged = await refusalOf(verify(signHs256(header, issuer.claims(), empty)));
    expect(forged.reason).toBe(reason);
  });
});

describe('the type', () => {
  it.each<[unknown, readonly string[], boolean]>([
    [undefined, ['jwt'], true],
    ['JWT', ['jwt'], true],
    ['jwt', ['jwt'], true],
    ['application/jwt', ['jwt'], true],
    ['APPLICATION/JWT', ['jwt'], true],
    ['at+jwt', ['jwt', 'at+jwt'], true],
    ['application/at+jwt', ['at+jwt'], true],
    [undefined, ['at+jwt'], false],
    ['JWT', ['at+jwt'], false],
    ['at+jwt', ['jwt'], false],
    ['logout+jwt', ['jwt'], false],
    ['secevent+jwt', ['jwt'], false],
    ['dpop+jwt', ['jwt'], false],
    ['', ['jwt'], false],
    ['text/jwt', ['jwt'], false],
    ['application/application/jwt', ['jwt'], false],
    [null, ['jwt'], false],
    [1, ['jwt'], false],
    [['jwt'], ['jwt'], false],
  ])('%j is checked against the allowed types %j', async (typ, types, isAccepted) => {
    const verifyTyped = verifierFor(issuer.trusted({ types }));
    const verdict = verifyTyped(signedWith({ ...usualHeader(), typ }));

    if (isAccepted) expect((await verdict).subject).toBe('user-1');
    else {
      const refusal = await refusalOf(verdict);
      const shown = typeof typ === 'string' ? typ : JSON.stringify(typ);
      const unverified = typ === undefined ? {} : { typ: shown };
      expect(refusal).toEqual({ reason: 'token_type_not_allowed', issuerName: 'test', unverified });
    }
  });
});
