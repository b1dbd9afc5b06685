/** How keys are fetched: from configured addresses only, with limits on size and time, no redirects. */
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrustedIssuer } from '../../../src/config/config.ts';
import { createTestIssuer, type IssuerFault, type TestIssuer } from '../../support/issuer.ts';
import { refusalOf, verifierFor } from '../arrange.ts';

let issuer: TestIssuer;
let stranger: TestIssuer;
beforeEach(async () => {
  [issuer, stranger] = await Promise.all([createTestIssuer(), createTestIssuer()]);
});
afterEach(() => Promise.all([issuer.close(), stranger.close()]));

/** Why the keys of the issuer are unavailable. */
async function problemWith(
  overrides: Partial<TrustedIssuer> = {},
  timeoutMs = 5000,
): Promise<string> {
  const trusted = issuer.trusted(overrides);
  const verify = verifierFor(trusted, { timeoutMs });
  const refusal = await refusalOf(verify(await issuer.token({ iss: trusted.issuer })));
  if (refusal.reason !== 'issuer_keys_unavailable') throw new Error(refusal.reason);
  expect(refusal.issuerName).toBe('test');
  expect(refusal.retryAfterSeconds).toBe(1);
  return refusal.problem;
}

describe('discovery', () => {
  it.each(['', '/', '/tenant', '/tenant/'])(
    'works for an issuer whose path is %j',
    async (path) => {
      const tenant = await createTestIssuer({ path });

      const subjectToken = await verifierFor(tenant.trusted())(await tenant.token());

      expect(subjectToken.claims['iss']).toBe(tenant.url);
      expect(tenant.requests).toEqual({ discovery: 1, jwks: 1, other: 0 });
      await tenant.close();
    },
  );

  it('is skipped if the config pins the address of the keys', async () => {
    const pinned = issuer.trusted({ keys: { kind: 'jwksUri', uri: issuer.jwksUri } });

    await verifierFor(pinned)(await issuer.token());

    expect(issuer.requests).toEqual({ discovery: 0, jwks: 1, other: 0 });
  });

  it.each<[string, (url: string) => unknown]>([
    ['another issuer', () => 'https://evil.example'],
    ['the issuer with a slash', (url) => `${url}/`],
    ['nobody', () => undefined],
    ['a list', (url) => [url]],
  ])('refuses a document that names %s', async (_what, makeIssuer) => {
    issuer.discover({ issuer: makeIssuer(issuer.url) });

    expect(await problemWith()).toMatch(/^the discovery document: names another issuer/);
    expect(issuer.requests.jwks).toBe(0);
  });

  it('refuses keys on another origin unless the config pins them', async () => {
    issuer.discover({ jwks_uri: stranger.jwksUri });

    expect(await problemWith()).toContain(`is on another origin (${stranger.url})`);
    expect(stranger.requests.jwks).toBe(0);

    const [key] = stranger.keys();
    const pinned = issuer.trusted({ keys: { kind: 'jwksUri', uri: stranger.jwksUri } });
    await verifierFor(pinned)(await issuer.token({}, { key }));
  });

  it.each<[string, unknown]>([
    ['absent', undefined],
    ['a number', 1],
    ['relative', '/jwks.json'],
    ['plain http to another machine', 'http://100.100.100.200/latest/meta-data/'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:application/json,{"keys":[]}'],
    ['with a password', 'https://user:password@login.example.com/jwks'],
  ])('refuses a jwks_uri that is %s', async (_what, uri) => {
    issuer.discover({ jwks_uri: uri });

    expect(await problemWith()).toBe(
      'the discovery document: "jwks_uri" is neither https nor loopback http',
    );
    expect(issuer.requests.jwks).toBe(0);
  });

  it.each(['accounts.example.com', 'http://10.0.0.1', 'http://localhost.evil.example', 'urn:x'])(
    'fetches nothing for the issuer %j',
    async (name) => {
      let calls = 0;
      const verify = verifierFor(issuer.trusted({ issuer: name }), {
        fetchIssuer: async () => {
          calls++;
          throw new Error('there is no server');
        },
      });

      const refusal = await refusalOf(verify(await issuer.token({ iss: name })));

      expect(refusal).toMatchObject({ reason: 'issuer_keys_unavailable' });
      expect(calls).toBe(0);
    },
  );
});

describe('a document', () => {
  const documents = ['discovery', 'jwks'] as const;

  it.each<[string, IssuerFault, string]>([
    ['with status 500', { kind: 'status', status: 500 }, 'answered with status 500'],
    ['with status 404', { kind: 'status', status: 404 }, 'answered with status 404'],
    ['with status 201', { kind: 'status', status: 201 }, 'answered with status 201'],
    ['empty', { kind: 'body', text: '' }, 'is not a JSON object'],
    ['with HTML', { kind: 'body', text: '<html>' }, 'is not a JSON object'],
    ['with an array', { kind: 'body', text: '[]' }, 'is not a JSON object'],
    ['with a repeated member', { kind: 'body', text: '{"a":1,"a":2}' }, 'has a repeated member'],
    ['too deeply nested', { kind: 'body', text: '['.repeat(9999) }, 'is nested too deeply'],
    ['in another encoding', { kind: 'bytes', bytes: Buffer.from([0xff]) }, 'is not UTF-8'],
  ])('that arrives %s is refused', async (_what, fault, problem) => {
    for (const document of documents) {
      const name = document === 'jwks' ? 'the JWKS' : 'the discovery document';
      issuer.fault(document, fault);
      expect(await problemWith()).toBe(`${name}: ${problem}`);
      issuer.fault(document, undefined);
    }
    await verifierFor(issuer.trusted())(await issuer.token());
  });

  it.each(documents)('is not followed through a redirect (%s)', async (document) => {
    issuer.fault(document, { kind: 'redirect', location: stranger.jwksUri });

    expect(await problemWith()).toContain('answered with status 302');
    expect(stranger.requests).toEqual({ discovery: 0, jwks: 0, other: 0 });
  });

  it.each(documents)('is not read beyond its limit (%s)', async (document) => {
    issuer.fault(document, { kind: 'flood', totalBytes: 50 * 1024 * 1024 });

    expect(await problemWith()).toMatch(/is larger than (65536|262144) bytes$/);
    // The sockets of both sides may have buffered a part, but not the 50 MB.
    expect(issuer.flooded.bytes).toBeLessThan(20 * 1024 * 1024);
  });

  it('is refused if it is compressed, without unpacking it', async () => {
    const bytes = gzipSync(Buffer.alloc(10 * 1024 * 1024, ' '));
    issuer.fault('jwks', { kind: 'bytes', bytes, headers: { 'content-encoding': 'gzip' } });

    expect(await problemWith()).toBe('the JWKS: is compressed');
  });

  it.each(['silence', 'stall'] as const)('is refused when it takes too long (%s)', async (kind) => {
    for (const document of documents) {
      issuer.fault(document, { kind });
      expect(await problemWith({}, 50)).toContain('took too long');
      issuer.fault(document, undefined);
    }
    await verifierFor(issuer.trusted())(await issuer.token());
  });

  it('is refused when it takes too long, even if the fetch ignores its signal', async () => {
    let signal: AbortSignal | undefined;
    const verify = verifierFor(issuer.trusted(), {
      timeoutMs: 20,
      fetchIssuer: (_url, request) => {
        signal = request.signal;
        return new Promise<never>(() => undefined);
      },
    });

    expect(await refusalOf(verify(await issuer.token()))).toMatchObject({
      problem: 'the discovery document: took too long',
    });
    expect(signal?.aborted).toBe(true);
  });

  it.each<[object, string]>([
    [{}, 'the JWKS has no array "keys"'],
    [{ keys: {} }, 'the JWKS has no array "keys"'],
    [{ keys: Array(51).fill({}) }, 'the JWKS has more than 50 keys'],
  ])('is refused if it is not a JWKS: %j', async (jwks, problem) => {
    issuer.publish(jwks);

    expect(await problemWith()).toBe(problem);
  });

  it('that is unreachable is described without its address', async () => {
    const gone = await createTestIssuer();
    await gone.close();

    const secretUri = `${gone.jwksUri}?token=canary`;
    const problem = await problemWith({ keys: { kind: 'jwksUri', uri: secretUri } });

    expect(problem).toBe('the JWKS: cannot be reached (ECONNREFUSED)');
  });
});
