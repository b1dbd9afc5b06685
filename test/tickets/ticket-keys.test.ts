import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findTicketKeyProblem, readTicketKeys } from '../../src/tickets/ticket-keys.ts';

const settings = { keys: [{ id: 'k1', keyFrom: 'KEY' }], maxLifeSeconds: 3600 } as const;
const HOST = 'https://broker.example.com';
const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, n) => (n * 41) % 256));

describe('a key for tickets', () => {
  it.each([
    ['32 random bytes', randomBytes(32).toString('base64')],
    ['48 random bytes', randomBytes(48).toString('base64')],
  ])('may be %s', (_what, KEY) => {
    expect(findTicketKeyProblem(settings, { KEY })).toBe(undefined);
  });

  it.each([
    ['nothing', '', 'is not set'],
    ['31 bytes', bytes(31).toString('base64'), 'has less than 256 bits'],
    ['a password', 'correct horse battery staple correct horse', 'is not base64'],
    ['base64url', randomBytes(31).toString('base64url').concat('-_'), 'is not base64'],
    ['no padding', bytes(32).toString('base64').replace('=', ''), 'is not base64'],
    ['a line break at its end', `${bytes(32).toString('base64')}\n`, 'is not base64'],
    ['zeros', Buffer.alloc(32).toString('base64'), 'is not random'],
    ['a repeated text', Buffer.from('change-me'.repeat(4)).toString('base64'), 'is not random'],
  ])('may not be %s, and is not shown', (_what, KEY, problem) => {
    const found = findTicketKeyProblem(settings, { KEY });

    expect(found).toBe(
      `the environment variable KEY ${problem}; make a key with: openssl rand -base64 32`,
    );
    expect(() => readTicketKeys(settings, HOST, { KEY })).toThrow(found);
  });

  it('shows its bytes to nobody who prints it', () => {
    const KEY = bytes(32).toString('base64');
    const keys = readTicketKeys(settings, HOST, { KEY });
    const derived = keys[0]?.key.export();
    const printed = `${JSON.stringify(keys)}${inspect(keys, { depth: 9, showHidden: true })}`;

    for (const secret of [
      KEY,
      derived?.toString('base64') ?? KEY,
      derived?.toString('hex') ?? KEY,
    ]) {
      expect(printed).not.toContain(secret.slice(0, 8));
    }
  });

  it('differs between brokers and secrets', () => {
    const KEY = bytes(32).toString('base64');
    const derive = (host: string, secret: string) =>
      readTicketKeys(settings, host, { KEY: secret })[0]?.key.export().toString('hex');
    const all = [
      derive(HOST, KEY),
      derive('https://other.example.com', KEY),
      derive(HOST, bytes(33).toString('base64')),
    ];

    expect(new Set(all).size).toBe(3);
    expect(derive(HOST, KEY)).toBe(all[0]);
  });

  it('is needed by nobody without credential URLs', () => {
    expect(findTicketKeyProblem(undefined, {})).toBe(undefined);
    expect(readTicketKeys(undefined, undefined, {})).toEqual([]);
  });
});
