/** A verified token that is put aside without its signature, and verified again later. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { createTestClock, refusalOf, verifierFor } from './arrange.ts';

let issuer: TestIssuer;
const clock = createTestClock();

beforeAll(async () => {
  issuer = await createTestIssuer({ now: clock.now });
});
afterAll(() => issuer.close());

const newVerifier = () => verifierFor(issuer.trusted(), { now: clock.now });
const inSeconds = (seconds: number) => Math.floor(clock.now() / 1000) + seconds;

describe('a token that is kept', () => {
  it('is its claims, the names in its header and the thumbprint of the key, without a signature', async () => {
    const verify = newVerifier();
    const token = await verify(await issuer.token({}, { header: { note: 'of no use' } }));
    const kept = verify.keeper.keep(token);

    expect(kept).toEqual({
      header: { alg: 'ES256', kid: issuer.keys()[0].keyId, typ: 'JWT' },
      keyThumbprint: expect.stringMatching(/^[\w-]{43}$/),
      claims: token.claims,
    });
  });

  it('keeps no name of a key or type that its header does not have', async () => {
    const verify = newVerifier();
    const token = await issuer.token({}, { header: { kid: undefined, typ: undefined } });

    expect(verify.keeper.keep(await verify(token)).header).toStrictEqual({ alg: 'ES256' });
  });

  it('is the same token when it is verified, with another end', async () => {
    const verify = newVerifier();
    const token = await verify(await issuer.token());
    const end = inSeconds(60);
    const again = await newVerifier().keeper.verifyKept(verify.keeper.keep(token), end);

    expect(again).toMatchObject({ claims: token.claims, expiresAt: end, keyId: token.keyId });
    expect(again.subject).toBe(token.subject);
  });

  it('is refused after its end, and by its other claims', async () => {
    const verify = newVerifier();
    const kept = verify.keeper.keep(await verify(await issuer.token()));
    const elsewhere = verifierFor(issuer.trusted({ audiences: ['another'] }), { now: clock.now });

    expect(await refusalOf(verify.keeper.verifyKept(kept, inSeconds(-3600)))).toMatchObject({
      reason: 'token_expired',
    });
    expect(await refusalOf(elsewhere.keeper.verifyKept(kept, inSeconds(60)))).toMatchObject({
      reason: 'audience_mismatch',
    });
  });

  it('is refused once its issuer is not trusted', async () => {
    const verify = newVerifier();
    const { header, keyThumbprint, claims } = verify.keeper.keep(
      await verify(await issuer.token()),
    );
    const kept = { header, keyThumbprint, claims: { ...claims, iss: 'https://other.example' } };

    expect(await refusalOf(verify.keeper.verifyKept(kept, inSeconds(60)))).toMatchObject({
      reason: 'issuer_untrusted',
    });
  });

  it('is refused if another key has taken the name of its key', async () => {
    const verify = newVerifier();
    const kept = verify.keeper.keep(await verify(await issuer.token()));
    const { keyId } = issuer.keys()[0];
    const another = await createTestIssuer({ now: clock.now });
    const [{ publicJwk }] = another.keys();
    issuer.publish({ keys: [{ ...publicJwk, kid: keyId }] });
    const refusal = await refusalOf(newVerifier().keeper.verifyKept(kept, inSeconds(60)));
    issuer.publish(undefined);
    await another.close();

    expect(refusal).toMatchObject({
      reason: 'signature_invalid',
      issuerName: issuer.trusted().name,
    });
  });

  it('was verified by this very verifier', async () => {
    const token = await newVerifier()(await issuer.token());

    expect(() => newVerifier().keeper.keep(token)).toThrow('another verifier verified this token');
  });
});
