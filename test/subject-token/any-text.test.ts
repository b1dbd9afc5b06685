/** For any input text, the verifier returns the signed claims or refuses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Claims } from '../../src/ports.ts';
import { RefusalError } from '../../src/refusal.ts';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { base64Url, signCompact } from '../support/keys.ts';
import { fc } from '../support/seeded.ts';
import { verifierFor } from './arrange.ts';

let issuer: TestIssuer;
let verify: ReturnType<typeof verifierFor>;
beforeAll(async () => {
  issuer = await createTestIssuer({ algorithms: ['ES256', 'EdDSA', 'RS256'] });
  const jwks = { keys: issuer.keys().map((key) => key.publicJwk) };
  verify = verifierFor(
    issuer.trusted({ algorithms: ['ES256', 'EdDSA', 'RS256'], keys: { kind: 'jwks', jwks } }),
  );
});
afterAll(() => issuer.close());

/** The claims, or undefined for a refusal. Any other error fails the property. */
async function claimsOf(token: string): Promise<Claims | undefined> {
  try {
    return (await verify(token)).claims;
  } catch (error) {
    if (error instanceof RefusalError) return undefined;
    throw error;
  }
}

const json = fc.jsonValue({ maxDepth: 3 });
const member = fc.constantFrom(
  'alg',
  'kid',
  'typ',
  'crit',
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'nbf',
);

describe('the verifier', () => {
  it('refuses every text that is not a token', async () => {
    const segment = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array().map((bytes) => base64Url(Buffer.from(bytes))),
      json.map((value) => base64Url(JSON.stringify(value))),
      fc.dictionary(member, json).map((value) => base64Url(JSON.stringify(value))),
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(segment, { maxLength: 6 }).map((segments) => segments.join('.')),
    );

    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        expect(await claimsOf(token)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('refuses every token with one character changed, added or removed', async () => {
    const tokens = await Promise.all(issuer.keys().map((key) => issuer.token({}, { key })));
    const edit = fc.record({
      token: fc.constantFrom(...tokens),
      position: fc.nat({ max: 10_000 }),
      removed: fc.nat({ max: 1 }),
      added: fc.oneof(
        fc.constant(''),
        fc.base64String({ maxLength: 1 }),
        fc.string({ maxLength: 2 }),
      ),
    });

    await fc.assert(
      fc.asyncProperty(edit, async ({ token, position, removed, added }) => {
        const at = position % token.length;
        const edited = token.slice(0, at) + added + token.slice(at + removed);
        const claims = await claimsOf(edited);
        if (edited === token)
          expect(claims).toEqual(issuer.claims({ iat: claims?.['iat'], exp: claims?.['exp'] }));
        else expect(claims).toBeUndefined();
      }),
      { numRuns: 500 },
    );
    for (const token of tokens) expect(await claimsOf(token)).toBeDefined();
  });

  it('returns exactly the signed claims', async () => {
    const [key] = issuer.keys();
    const header = { alg: key.algorithm, kid: key.keyId };

    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), json), async (extra) => {
        const payload = JSON.stringify({ ...extra, ...issuer.claims({ nbf: 0, jti: 'j' }) });
        fc.pre(!('cnf' in extra) && !('events' in extra) && payload.length < 5000);

        const claims = await claimsOf(signCompact(header, payload, key));

        expect(JSON.parse(JSON.stringify(claims))).toEqual(JSON.parse(payload));
      }),
      { numRuns: 200 },
    );
  });

  it('throws nothing but refusals for signed claims and headers of any type', async () => {
    const [key] = issuer.keys();
    const header = { alg: key.algorithm, kid: key.keyId };
    const overrides = fc.dictionary(member, json, { maxKeys: 2 });

    await fc.assert(
      fc.asyncProperty(overrides, overrides, async (claims, headers) => {
        await claimsOf(signCompact({ ...header, ...headers }, issuer.claims(claims), key));
      }),
      { numRuns: 300 },
    );
  });
});
