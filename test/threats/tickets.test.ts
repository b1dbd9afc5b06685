/** What an attacker can read in a ticket, and can make of it. */
import { createCipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTicketKeys } from '../../src/tickets/ticket-keys.ts';
import {
  makeUrl,
  pathOf,
  TICKET_ENVIRONMENT,
  ticketKey,
  useUrl,
} from '../support/credential-urls.ts';
import { toObject } from '../support/declared.ts';
import { BODY, PUBLIC_URL, ticketBrokerOfFile } from '../support/ticket-brokers.ts';

const [KEY] = readTicketKeys(
  { keys: [{ id: 'k1', keyFrom: 'TICKET_KEY_K1' }], maxLifeSeconds: 3600 },
  PUBLIC_URL,
  TICKET_ENVIRONMENT,
);
const HEADER = { alg: 'dir', enc: 'A256GCM', kid: 'k1' };

const tickets = ticketBrokerOfFile();
/** The ticket of a good URL, in its five parts. */
let parts: readonly string[];

beforeAll(async () => {
  parts = pathOf(await makeUrl(tickets.broker, BODY))
    .slice('/c/'.length)
    .split('.');
});

const use = (ticket: string, headers = {}) => useUrl(tickets.broker, `/c/${ticket}`, headers);
const lastProblem = () => JSON.stringify(tickets.broker.auditLines().at(-1)?.['why']);
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A compact JWE under any header, as whoever has the key could make it. */
function encrypt(header: object, plaintext: Buffer, key: KeyObject = keyOf()): string {
  const head = encode(header);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(head));
  const text = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const tail = [iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  return [head, '', ...tail].join('.');
}

function keyOf(): KeyObject {
  if (KEY === undefined) throw new Error('there is no key');
  return KEY.key;
}

describe('threat 47: a credential URL that leaks', () => {
  it('says nothing: not whom it is for, nor what it gives, nor the subject token', async () => {
    const token = await tickets.broker.issuer.token({ sub: 'findable-subject' });
    const made = await makeUrl(tickets.broker, { token });
    const ticket = pathOf(made).slice('/c/'.length);
    const readable = ticket
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'));

    expect(readable[0]).toBe(JSON.stringify(HEADER));
    for (const secret of ['findable-subject', 'app-media', token.slice(0, 40)]) {
      expect(`${ticket}${readable.slice(1)}`).not.toContain(secret);
    }
    expect(String(made.body['Url'])).not.toContain(token.split('.')[2]);
  });

  it('cannot be forged, changed, cut or written in another way', async () => {
    const [head = '', , iv = '', text = '', tag = ''] = parts;
    const flip = (part: string, at: number) =>
      `${part.slice(0, at)}${part[at] === 'A' ? 'B' : 'A'}${part.slice(at + 1)}`;
    // whole bytes: four characters are three
    const cut = (part: string) => part.slice(0, Math.floor((part.length - 1) / 4) * 4);
    // the last character of the tag has four free bits
    const respelled = `${tag.slice(0, -1)}${nextSpelling(tag.slice(-1))}`;
    const good = await use(parts.join('.'));
    const shapeless = [
      'x',
      '....',
      `${head}....`,
      [head, '', iv, text].join('.'),
      [head, '', iv, text, ''].join('.'),
      [head, '', iv, text, tag, ''].join('.'),
      [head, 'AAAA', iv, text, tag].join('.'),
      [head, '', iv, text, respelled].join('.'),
      [head, '', iv, text, `${tag}=`].join('.'),
      `${parts.join('.')}%20`,
    ];
    const changed = [
      [head, '', flip(iv, 3), text, tag].join('.'),
      [head, '', cut(iv), text, tag].join('.'),
      [head, '', iv, flip(text, 30), tag].join('.'),
      [head, '', iv, cut(text), tag].join('.'),
      [head, '', iv, text, flip(tag, 3)].join('.'),
      [head, '', iv, text, cut(tag)].join('.'),
      encrypt(HEADER, Buffer.from('{}'), randomKey()),
    ];
    const bad: readonly (readonly [problem: string, ticket: string])[] = [
      ...shapeless.map((ticket) => ['without an encrypted key', ticket] as const),
      ...changed.map((ticket) => ['does not decrypt', ticket] as const),
      ['header that this broker does not write', [flip(head, 4), '', iv, text, tag].join('.')],
      // the longest that is looked at, and one more
      ['without an encrypted key', 'x'.repeat(4000)],
      ['is too long', 'x'.repeat(4001)],
    ];

    expect(good.status).toBe(200);
    for (const [problem, ticket] of bad) {
      const { status, body } = await use(ticket);
      expect([status, body['code']]).toEqual([401, 'credential_url_invalid']);
      expect(JSON.stringify(body)).not.toMatch(/JWE|decrypt|kid/i);
      expect(lastProblem()).toContain(problem);
    }
  });

  it('is refused under every header that the broker does not write, even with its key', async () => {
    const opened = Buffer.from('{}');
    const control = await use(encrypt(HEADER, opened));
    const controlProblem = lastProblem();
    const cbc = await new CompactEncrypt(opened)
      .setProtectedHeader({ alg: 'dir', enc: 'A128CBC-HS256', kid: 'k1' })
      .encrypt(keyOf());
    const wrapped = await new CompactEncrypt(opened)
      .setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM', kid: 'k1' })
      .encrypt(keyOf());
    const bomb = deflateRawSync(Buffer.alloc(10_000_000, ' '));
    const tickets = [
      cbc,
      wrapped,
      encrypt({ ...HEADER, zip: 'DEF' }, bomb.subarray(0, 2500)),
      encrypt({ ...HEADER, kid: 'k2' }, opened),
      encrypt({ ...HEADER, kid: '../k1' }, opened),
      encrypt({ alg: 'dir', enc: 'A256GCM' }, opened),
      encrypt({ enc: 'A256GCM', alg: 'dir', kid: 'k1' }, opened),
      encrypt({ ...HEADER, crit: ['exp'], exp: 1 }, opened),
      encrypt({ ...HEADER, alg: 'none' }, opened),
      encrypt({ ...HEADER, alg: 'PBES2-HS512+A256KW', p2c: 1_000_000_000, p2s: 'AAAA' }, opened),
    ];

    // with the right header it decrypts, and is no ticket
    expect(control.status).toBe(401);
    expect(controlProblem).toContain('another version');
    for (const ticket of tickets) {
      const { status, body } = await use(ticket);
      expect([status, body['code']]).toEqual([401, 'credential_url_invalid']);
      expect(lastProblem()).toMatch(
        /header that this broker does not write|without an encrypted key/,
      );
    }
  });

  it.each<[string, string]>([
    ['another version', '{"version":2}\n{}'],
    ['no claims', '{"version":1}'],
    [
      'no token',
      '{"version":1,"id":"x","issuedAt":1,"expiresAt":9e9,"claimNames":[],"asked":{},"scope":"","isForMobile":false}\n{}',
    ],
    ['text', 'x'],
    ['a repeated member', '{"version":1,"version":1}\n{}'],
  ])('is refused if it decrypts to %s', async (_what, text) => {
    const { status } = await use(encrypt(HEADER, Buffer.from(text)));

    expect(status).toBe(401);
    expect(tickets.broker.auditLines().at(-1)).toMatchObject({ reason: 'ticket_invalid' });
  });

  it('is refused if one member of a good ticket is another, is gone, or is added behind', async () => {
    const { plaintext } = await compactDecrypt(parts.join('.'), keyOf());
    const [content = '', claims = ''] = new TextDecoder().decode(plaintext).split('\n');
    const good = toObject(JSON.parse(content));
    const token = toObject(good['token']);
    const changes: readonly object[] = [
      ...Object.keys(good).flatMap((name) => [{ [name]: undefined }, { [name]: [7] }]),
      { version: 2 },
      { uses: '3' },
      { address: 7 },
      ...Object.keys(token).map((name) => ({ token: { ...token, [name]: 7 } })),
      ...['alg', 'kid', 'typ'].map((name) => ({
        token: { ...token, header: { ...toObject(token['header']), [name]: 7 } },
      })),
    ];
    const useText = (...lines: readonly string[]) =>
      use(encrypt(HEADER, Buffer.from(lines.join('\n'))));
    const control = await useText(JSON.stringify(good), claims);
    const statuses = new Set([(await useText(content, claims, '{}')).status]);
    for (const change of changes) {
      const { status } = await useText(JSON.stringify({ ...good, ...change }), claims);
      statuses.add(status);
      expect(lastProblem(), JSON.stringify(change)).toContain('another version');
    }

    expect(control.status).toBe(200);
    expect([...statuses]).toEqual([401]);
  });
});

function randomKey(): KeyObject {
  const [key] = readTicketKeys(
    { keys: [{ id: 'k1', keyFrom: 'OTHER' }], maxLifeSeconds: 3600 },
    PUBLIC_URL,
    { OTHER: ticketKey(9) },
  );
  if (key === undefined) throw new Error('there is no key');
  return key.key;
}

/** Another base64url character with the same two first bits. */
function nextSpelling(last: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet.charAt(alphabet.indexOf(last) ^ 1);
}
