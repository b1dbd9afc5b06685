import { describe, expect, it } from 'vitest';
import { boundedText } from '../../src/lib/bounded-text.ts';
import { hostileString } from '../support/hostile-strings.ts';
import { fc } from '../support/seeded.ts';

const logged = (value: unknown) => boundedText(value, 100, 'tokens and secrets');
const segment = (text: string) => Buffer.from(text).toString('base64url');

describe('bounded text', () => {
  it.each<[unknown, string]>([
    ['user-files', 'user-files'],
    ['', ''],
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
    [['a', 1], '["a",1]'],
    ['x'.repeat(101), 'x'.repeat(100)],
  ])('of %j is %j', (value, text) => {
    expect(logged(value)).toBe(text);
  });

  it.each([
    '{"alg":"RS256"}',
    '{ "alg": "RS256" }',
    '{\n  "alg": "RS256"\n}',
    '{\r\n"alg":"RS256"}',
    '{\t"alg":"RS256"}',
  ])('shows no part of a token with the header %j', (header) => {
    const token = [header, '{"sub":"42"}', 'signature'].map(segment).join('.');

    expect(logged(`a ${token} b`)).toBe('a [token] b');
    expect(logged({ x: [token] })).toBe('{"x":["[token]"]}');
    expect(boundedText(token, 100, 'tokens')).toBe('[token]');
  });

  it('shows no part of a secret that is at its end', () => {
    const secret = 'Kq7dPz3mWn9xRt5vBy1cLf8hJs2gTu';

    expect(logged(`${'. '.repeat(47)}${secret}`)).toBe(`${'. '.repeat(47)}[secre`);
    expect(logged(`oss://b/${secret}/`)).toBe('oss://b/[secret]/');
  });

  it.each([
    '3f2c1a90-7b64-4e0d-9a51-0c8e2d6f7b31',
    'D4735E3A265E16EEE03F59718B9B5D03019C07D8B6C51F90DA3A666EEC13AB35',
    'mfrggzdfmztwq2lkmfrggzdfmztwq2lkmfrggzdfmztwq2lkmfrg',
    'https://login.example.com/Tenants/7/Realms/Customers-2026/oauth2/',
    'surveyJune2026/moneyJar.csv',
    'journeyData2026-with-a-long-name.csv',
  ])('shows %s', (text) => {
    expect(logged(text)).toBe(text);
  });

  it('shows a kid that looks like a secret, since it is public', () => {
    const kid = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

    expect(boundedText(kid, 100, 'tokens')).toBe(kid);
  });

  it('is never longer than its bound, for any text', () => {
    fc.assert(
      fc.property(hostileString, fc.nat(200), (text, length) => {
        expect(boundedText(text, length, 'tokens and secrets').length).toBeLessThanOrEqual(length);
      }),
    );
  });

  it('costs little for the longest text of a request', () => {
    const worst = ['eyJ'.repeat(5000), `${'A'.repeat(29)}-`.repeat(500), '/'.repeat(16_000)];
    const startedAt = performance.now();
    for (const text of worst) logged(text);

    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});
