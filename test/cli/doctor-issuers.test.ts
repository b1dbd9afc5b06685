/** What `doctor` tells of issuers: why their keys cannot be used, and how old they are. */
import { describe, expect, it } from 'vitest';
import { certificateOf } from '../support/dated-certificate.ts';
import { doctorOfFile } from '../support/doctor-world.ts';

const doctor = doctorOfFile();

describe('doctor tells of issuers', () => {
  it.each([
    [
      'another name',
      () => doctor.world.issuer.discover({ issuer: 'https://other.example.com' }),
      /names another issuer/,
      /set issuer to that name/,
    ],
    [
      'keys elsewhere',
      () => doctor.world.issuer.discover({ jwks_uri: 'https://keys.example.com/jwks' }),
      /another origin/,
      /set jwksUri/,
    ],
    [
      'no document',
      () => doctor.world.issuer.fault('discovery', { kind: 'status', status: 404 }),
      /status 404/,
      /correct issuer; set jwksUri/,
    ],
    [
      'a redirect',
      () =>
        doctor.world.issuer.fault('jwks', { kind: 'redirect', location: 'https://x.example.com' }),
      /status 30\d/,
      /behind the redirect/,
    ],
    [
      'no JSON',
      () => doctor.world.issuer.fault('jwks', { kind: 'body', text: '<html>' }),
      /the JWKS/,
      /correct issuer or jwksUri/,
    ],
    [
      'no usable key',
      () => doctor.world.issuer.publish({ keys: [{ kty: 'oct', k: 'secretsecret' }] }),
      /no usable key by discovery, loaded now; left out: key 0 has secret members/,
      /set algorithms/,
    ],
  ])('%s', async (_what, change, saw, fix) => {
    change();
    const { code, of } = await doctor.world.examine();

    expect(code).toBe(6);
    expect(of('issuer app')).toMatchObject({ status: 'failed', cause: expect.any(String) });
    expect(of('issuer app')?.saw).toMatch(saw);
    expect(of('issuer app')?.fix).toMatch(fix);
  });

  it('in one line, whatever an issuer calls itself', async () => {
    doctor.world.issuer.discover({ issuer: 'https://x\u009b2J\u202e\u2028ok' });
    const { stdout } = await doctor.world.run();

    expect(stdout).toContain('names another issuer ("https://x 2J  ok")\n');
  });

  it('that one is not there', async () => {
    const text = doctor.world.configText().replace(doctor.world.issuer.url, doctor.world.nowhere);

    expect((await doctor.world.examine({ text })).of('issuer app')?.saw).toContain(
      'cannot be reached (',
    );
  });
});

describe('doctor tells how old the keys of an issuer are', () => {
  const SINCE_MARCH = ['20260301000000Z', '99991231235959Z'] as const;
  const DAY_MS = 24 * 60 * 60 * 1000;

  /** The keys of the issuer, each with a certificate if it has dates. */
  function jwksWith(...dates: readonly (readonly [string, string] | undefined)[]) {
    const keys = doctor.world.issuer.keys().map((key, index) => {
      const [notBefore, notAfter] = dates[index] ?? [];
      return notBefore === undefined || notAfter === undefined
        ? key.publicJwk
        : { ...key.publicJwk, x5c: [certificateOf(key, notBefore, notAfter)] };
    });
    return { keys };
  }

  /** Answers with the keys, last modified so long ago. */
  function changeAgo(agoMs: number, jwks: object = jwksWith()) {
    const lastModified = new Date(Date.now() - agoMs).toUTCString();
    const headers = { 'last-modified': lastModified };
    doctor.world.issuer.fault('jwks', { kind: 'body', text: JSON.stringify(jwks), headers });
  }

  const sawOfIssuer = async (text?: string) => {
    const { code, of } = await doctor.world.examine(text === undefined ? {} : { text });
    expect({ code, status: of('issuer app')?.status }).toEqual({ code: 0, status: 'ok' });
    return of('issuer app')?.saw;
  };

  it('not at all, if nothing says it', async () => {
    expect(await sawOfIssuer()).toBe(
      'RS256 2048 bits, ES256 P-256 by discovery, loaded now; the issuer does not say how old they are',
    );
  });

  it('by the certificate of each, whose end is no failure because the broker does not look at it', async () => {
    doctor.world.issuer.publish(jwksWith(SINCE_MARCH, ['20240301000000Z', '20250301000000Z']));

    expect(await sawOfIssuer()).toBe(
      'RS256 2048 bits (certificate since 2026-03-01), ES256 P-256 (certificate since 2024-03-01, ended 2025-03-01) by discovery, loaded now; the broker does not look at certificates',
    );
  });

  it('by the certificates of those that have one', async () => {
    doctor.world.issuer.publish(jwksWith(undefined, SINCE_MARCH));

    expect(await sawOfIssuer()).toBe(
      'RS256 2048 bits, ES256 P-256 (certificate since 2026-03-01) by discovery, loaded now; the issuer does not say how old the others are',
    );
  });

  it('by the right certificate, if a key before it is left out', async () => {
    const [rsa, ec] = jwksWith(SINCE_MARCH, ['20250301000000Z', '99991231235959Z']).keys;
    doctor.world.issuer.publish({ keys: [{ ...rsa, use: 'enc' }, ec] });

    expect(await sawOfIssuer()).toBe(
      'ES256 P-256 (certificate since 2025-03-01) by discovery, loaded now; left out: key 0 is not for signatures ("use")',
    );
  });

  it('by the certificates of keys in the config', async () => {
    const jwks = JSON.stringify(jwksWith(SINCE_MARCH, SINCE_MARCH));
    const text = doctor.world.configText({ issuer: `    jwks: ${jwks}` });

    expect(await sawOfIssuer(text)).toBe(
      'RS256 2048 bits (certificate since 2026-03-01), ES256 P-256 (certificate since 2026-03-01) in the config',
    );
    expect(doctor.world.issuer.requests.jwks).toBe(0);
  });

  it.each([
    [12 * DAY_MS + 1000, 'last changed 12 days ago (Last-Modified)'],
    [DAY_MS + 1000, 'last changed 1 day ago (Last-Modified)'],
    [2000, 'last changed less than a day ago (Last-Modified)'],
    [-60_000, 'last changed less than a day ago (Last-Modified)'],
    [-DAY_MS, 'Last-Modified is in the future'],
  ])('by the answer that was last modified %s ms ago', async (agoMs, sentence) => {
    changeAgo(agoMs);

    expect(await sawOfIssuer()).toBe(
      `RS256 2048 bits, ES256 P-256 by discovery, loaded now; ${sentence}`,
    );
  });

  it('by both, if the issuer says both', async () => {
    changeAgo(3 * DAY_MS + 1000, jwksWith(SINCE_MARCH, SINCE_MARCH));

    expect(await sawOfIssuer()).toBe(
      'RS256 2048 bits (certificate since 2026-03-01), ES256 P-256 (certificate since 2026-03-01) by discovery, loaded now; last changed 3 days ago (Last-Modified)',
    );
  });

  it('by the keys, not by the discovery document', async () => {
    doctor.world.issuer.fault('discovery', {
      kind: 'body',
      text: JSON.stringify({
        issuer: doctor.world.issuer.url,
        jwks_uri: doctor.world.issuer.jwksUri,
      }),
      headers: { 'last-modified': new Date(Date.now() - DAY_MS).toUTCString() },
    });

    expect(await sawOfIssuer()).toContain('the issuer does not say how old they are');
  });
});
