/** What remembering verified tokens saves, and for which tokens. Every other check runs each time: see test/e2e/remembered-tokens.test.ts. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { generateSigningKey } from '../support/keys.ts';
import { createTestClock, refusalOf, verifierFor } from './arrange.ts';

let issuer: TestIssuer;
const clock = createTestClock();

beforeAll(async () => {
  issuer = await createTestIssuer({ now: clock.now });
});
afterAll(() => issuer.close());
afterEach(() => vi.restoreAllMocks());

/** Counts the signatures that are verified from here on. */
function countSignatures() {
  const spy = vi.spyOn(crypto.subtle, 'verify');
  return () => spy.mock.calls.length;
}

/** A token of exactly this length. Only the header can make up for lengths that base64url does not have. */
async function tokenOfLength(length: number): Promise<string> {
  for (const padding of ['', '1', '12', '123']) {
    const header = padding === '' ? {} : { header: { padding } };
    const short = await issuer.token({ filler: '' }, header);
    const spare = Math.floor(((length - short.length) * 3) / 4);
    for (const filler of [spare - 1, spare, spare + 1]) {
      const token = await issuer.token({ filler: 'x'.repeat(filler) }, header);
      if (token.length === length) return token;
    }
  }
  throw new Error(`no token has ${length} characters`);
}

describe('a verified token', () => {
  it('has its signature verified once, and is the same token each time', async () => {
    const verify = verifierFor(issuer.trusted(), { now: clock.now });
    const token = await issuer.token({ jti: 'once' });
    const signatures = countSignatures();
    const first = await verify(token);
    clock.advanceSeconds(5);
    const second = await verify(token);

    expect(signatures()).toBe(1);
    expect(second).toEqual({ ...first, keyAgeSeconds: (first.keyAgeSeconds ?? 0) + 5 });
    expect(second.claims).toBe(first.claims);
  });

  it('is verified again for a verifier of another config', async () => {
    const token = await issuer.token({ jti: 'twice' });
    const signatures = countSignatures();
    await verifierFor(issuer.trusted(), { now: clock.now })(token);
    await verifierFor(issuer.trusted(), { now: clock.now })(token);

    expect(signatures()).toBe(2);
  });

  it('is remembered up to a length of 4,096 characters', async () => {
    const verify = verifierFor(issuer.trusted(), { now: clock.now });
    const [fitting, longer] = [await tokenOfLength(4096), await tokenOfLength(4097)];
    const signatures = countSignatures();
    for (const token of [fitting, longer, fitting, longer]) await verify(token);

    expect(signatures()).toBe(3);
  });

  it('is verified again once another key has its kid', async () => {
    const own = await createTestIssuer({ now: clock.now });
    const verify = verifierFor(own.trusted(), { now: clock.now });
    const token = await own.token({ exp: clock.now() / 1000 + 7200 });
    await verify(token);
    const [old] = own.keys();
    own.publish({ keys: [generateSigningKey('ES256', old.keyId).publicJwk] });
    clock.advanceSeconds(1200);
    const signatures = countSignatures();

    expect((await refusalOf(verify(token))).reason).toBe('signature_invalid');
    expect(signatures()).toBe(1);
    await own.close();
  });

  it('is not remembered if its signature is wrong', async () => {
    const verify = verifierFor(issuer.trusted(), { now: clock.now });
    const [head = '', payload = '', signature = ''] = (await issuer.token({ jti: 'bad' })).split(
      '.',
    );
    const wrong = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    const forged = [head, payload, wrong].join('.');
    const signatures = countSignatures();
    const reasons = [
      (await refusalOf(verify(forged))).reason,
      (await refusalOf(verify(forged))).reason,
    ];

    expect(reasons).toEqual(['signature_invalid', 'signature_invalid']);
    expect(signatures()).toBe(2);
  });
});
