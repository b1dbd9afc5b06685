/** The checks of the form of a subject token, before any key is used. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts';
import { base64Url, signCompact } from '../support/keys.ts';
import { refusalOf, verifierFor } from './arrange.ts';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await createTestIssuer({ algorithms: ['RS256', 'ES256', 'EdDSA'] });
});
afterAll(() => issuer.close());

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A token genuinely signed by the issuer, over any header and payload text. */
function signed(payload: object | string, header: object | string = {}): string {
  const [key] = issuer.keys();
  const usual = { alg: key.algorithm, kid: key.keyId, typ: 'JWT' };
  return signCompact(typeof header === 'string' ? header : { ...usual, ...header }, payload, key);
}

function claimsText(more: string): string {
  return `${JSON.stringify(issuer.claims()).slice(0, -1)}${more}}`;
}

function verify(token: string) {
  return verifierFor(issuer.trusted())(token);
}

describe('the segment check', () => {
  it('accepts three segments', async () => {
    expect((await verify(await issuer.token())).subject).toBe('user-1');
  });

  it.each<[string, (token: string) => string]>([
    ['nothing', () => ''],
    ['only dots', () => '..'],
    ['a thousand dots', () => '.'.repeat(1000)],
    ['no dot', (token) => token.replaceAll('.', '')],
    ['one dot', (token) => token.slice(0, token.lastIndexOf('.'))],
    ['no signature', (token) => token.slice(0, token.lastIndexOf('.') + 1)],
    ['a trailing dot', (token) => `${token}.`],
    ['a fourth segment', (token) => `${token}.e30`],
    ['five segments, as in encrypted tokens', (token) => `${token}.e30.e30`],
    ['white space in front', (token) => ` ${token}`],
    ['a newline at the end', (token) => `${token}\n`],
    ['a newline within', (token) => token.replace('.', '\n.')],
    ['padding', (token) => `${token}=`],
    ['a character outside ASCII', (token) => `${token}é`],
    ['NUL', (token) => `${token}\0`],
    ['a header of one character', (token) => token.replace(/^[^.]+/, 'e')],
    ['a signature of one character', (token) => token.replace(/[^.]+$/, 'A')],
  ])('refuses %s', async (_what, change) => {
    const refusal = await refusalOf(verify(change(await issuer.token())));

    expect(refusal.reason).toBe('token_malformed');
    expect(issuer.requests.other).toBe(0);
  });

  it('refuses the base64 alphabet in place of base64url', async () => {
    const token = signed(issuer.claims({ text: '~~~???~~~???' }));
    const base64 = token.replaceAll('-', '+').replaceAll('_', '/');

    expect(base64).not.toBe(token);
    expect((await refusalOf(verify(base64))).reason).toBe('token_malformed');
    await verify(token);
  });

  it('accepts only the canonical encoding of a signature, although others decode to the same bytes', async () => {
    for (const key of issuer.keys()) {
      const token = await issuer.token({}, { key });
      const signature = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');
      const encodings = [...ALPHABET]
        .map((last) => token.slice(0, -1) + last)
        .filter((text) =>
          Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url').equals(signature),
        );
      expect(encodings.length).toBeGreaterThan(1);

      for (const encoding of encodings) {
        if (encoding === token) expect((await verify(token)).subject).toBe('user-1');
        else expect((await refusalOf(verify(encoding))).reason).toBe('token_malformed');
      }
    }
  });
});

describe('the size check', () => {
  it('accepts tokens up to 8 KiB and refuses larger ones', async () => {
    const padded = (pad: number) => signed(issuer.claims({ pad: 'x'.repeat(pad) }));
    const most = Math.floor(((8192 - padded(0).length) * 3) / 4);
    const tokens = [-2, -1, 0, 1, 2, 3].map((more) => padded(most + more));
    const accepted = tokens.filter((token) => token.length <= 8192);
    const refused = tokens.filter((token) => token.length > 8192);
    expect(accepted.length * refused.length).toBeGreaterThan(0);

    for (const token of accepted) await verify(token);
    for (const token of refused) {
      const refusal = await refusalOf(verify(token));
      expect(refusal).toEqual({ reason: 'token_too_large', limitBytes: 8192 });
    }
  });
});

describe('the header', () => {
  it('has at most 1,024 characters', async () => {
    const padded = (pad: number) => signed(issuer.claims(), { x: 'x'.repeat(pad) });
    const lengthOf = (token: string) => token.indexOf('.');
    const most = Math.floor(((1024 - lengthOf(padded(0))) * 3) / 4);
    const tokens = [-2, -1, 0, 1, 2, 3].map((more) => padded(most + more));
    const accepted = tokens.filter((token) => lengthOf(token) <= 1024);
    const refused = tokens.filter((token) => lengthOf(token) > 1024);
    expect(accepted.length * refused.length).toBeGreaterThan(0);

    for (const token of accepted) await verify(token);
    for (const token of refused) {
      expect(await refusalOf(verify(token))).toEqual({
        reason: 'token_malformed',
        problem: 'header is longer than 1024 characters',
      });
    }
  });
});

describe('the issuer', () => {
  it('must not be written with an escape in its name', async () => {
    const claims = JSON.stringify(issuer.claims()).replace('"iss"', '"i\\u0073s"');

    expect(await refusalOf(verify(signed(claims)))).toEqual({
      reason: 'token_malformed',
      problem: 'payload writes iss with an escape',
    });
  });

  it('is the one of the token, not that of an object in it or of a text', async () => {
    const claims = {
      act: { iss: 'https://elsewhere.example.com' },
      text: '"iss":"https://elsewhere.example.com"',
      list: [{ iss: 'https://elsewhere.example.com' }],
      ...issuer.claims(),
    };

    expect((await verify(signed(claims))).issuer.issuer).toBe(issuer.url);
  });

  it('counts once: a second one is refused, whichever is trusted', async () => {
    const trusted = JSON.stringify(issuer.claims());
    const other = '"iss":"https://elsewhere.example.com"';

    expect(await refusalOf(verify(signed(trusted.replace(/}$/, `,${other}}`))))).toEqual({
      reason: 'token_malformed',
      problem: 'payload has a repeated member',
    });
    expect((await refusalOf(verify(signed(trusted.replace('{', `{${other},`))))).reason).toBe(
      'issuer_untrusted',
    );
  });
});

describe('the JSON check', () => {
  it('accepts non-ASCII text, escapes, and names that repeat in different objects', async () => {
    const claims = issuer.claims({
      name: 'Zoë 🦊',
      a: { x: 1 },
      b: { x: ':,"{}\\' },
      c: [{ x: 1 }],
    });

    expect((await verify(signed(claims))).claims).toEqual(claims);
  });

  it.each([
    ['a repeated claim', ',"sub":"admin"'],
    ['a repeated claim with the same value', ',"sub":"user-1"'],
    ['a repeated claim written with an escape', ',"s\\u0075b":"admin"'],
    ['a repeated member in an object', ',"a":{"b":1,"b":2}'],
    ['a repeated member in an array', ',"a":[[{"b":1,"b":{}}]]'],
    ['a repeated __proto__', ',"__proto__":1,"__proto__":2'],
  ])('refuses %s', async (_what, more) => {
    const refusal = await refusalOf(verify(signed(claimsText(more))));

    expect(refusal).toEqual({
      reason: 'token_malformed',
      problem: 'payload has a repeated member',
    });
  });

  it('refuses a repeated member in the header', async () => {
    const [key] = issuer.keys();
    const header = `{"alg":"${key.algorithm}","kid":"${key.keyId}","kid":"${key.keyId}"}`;

    const refusal = await refusalOf(verify(signed(issuer.claims(), header)));

    expect(refusal).toEqual({ reason: 'token_malformed', problem: 'header has a repeated member' });
    await verify(signed(issuer.claims(), header.replace(/,"kid":"[^"]*"/, '')));
  });

  it('accepts nesting up to 16 levels and refuses more', async () => {
    const nested = (depth: number) => `,"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}`;

    await verify(signed(claimsText(nested(16))));
    for (const depth of [17, 2000]) {
      expect(await refusalOf(verify(signed(claimsText(nested(depth)))))).toEqual({
        reason: 'token_malformed',
        problem: 'payload is nested too deeply',
      });
    }

    // a shallow member after the deep one does not hide it
    const hidden = `${nested(17)},"b":[]`;
    expect(await refusalOf(verify(signed(claimsText(hidden))))).toEqual({
      reason: 'token_malformed',
      problem: 'payload is nested too deeply',
    });
  });

  it.each<[string, string | Buffer]>([
    ['an array', '[]'],
    ['a string', '"a"'],
    ['null', 'null'],
    ['only white space', ' '],
    ['two objects', '{}{}'],
    ['a trailing comma', '{"a":1,}'],
    ['NaN', '{"exp":NaN}'],
    ['a byte order mark', '\ufeff{}'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['an overlong encoding', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ])('refuses %s as payload or header', async (_what, text) => {
    const [header, payload, signature] = (await issuer.token()).split('.');

    for (const token of [
      `${header}.${base64Url(text)}.${signature}`,
      `${base64Url(text)}.${payload}.${signature}`,
    ]) {
      expect((await refusalOf(verify(token))).reason).toBe('token_malformed');
    }
  });

  it('returns claims without prototypes, so that only sent members are found', async () => {
    const { claims } = await verify(
      signed(claimsText(',"__proto__":{"admin":true},"nested":{"__proto__":1}')),
    );

    expect(Object.getPrototypeOf(claims)).toBeNull();
    expect('constructor' in claims).toBe(false);
    expect(claims['admin']).toBeUndefined();
    expect(Object.keys(claims)).toContain('__proto__');
    expect(Object.getPrototypeOf(claims['nested'])).toBeNull();
  });
});
