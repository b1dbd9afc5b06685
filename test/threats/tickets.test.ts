import { createCipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { CompactEncrypt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTicketKeys } from '../../src/tickets/ticket-keys.ts';
import {
  type Answer,
  type AskOptions,
  SIMPLE_CONFIG,
  startTestBroker,
  type TestBroker,
} from '../support/broker.ts';
import {
  TICKET_ENVIRONMENT as ENVIRONMENT,
  makeUrl,
  pathOf,
  ticketKey,
  useUrl,
} from '../support/credential-urls.ts';
import { memberAt, toObject } from '../support/declared.ts';
import { generateSigningKey } from '../support/keys.ts';
import { fc } from '../support/seeded.ts';

const PUBLIC_URL = 'https://broker.example.com';
const CONFIG = `${SIMPLE_CONFIG}  - name: shared
    issuer: app
    when: [{ claim: plan, equals: pro }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/shared/", permissions: [read, list] }]
    restrict: { https: false }
publicUrl: ${PUBLIC_URL}
surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: TICKET_KEY_K1 }] } }
callerAddress: { header: X-Forwarded-For, trustedHops: 1 }
limits: { assumeRole: { requests: 100000, window: 1m } }
`;
const [KEY] = readTicketKeys(
  { keys: [{ id: 'k1', keyFrom: 'TICKET_KEY_K1' }], maxLifeSeconds: 3600 },
  PUBLIC_URL,
  ENVIRONMENT,
);
const HEADER = { alg: 'dir', enc: 'A256GCM', kid: 'k1' };
const BODY: AskOptions = {
  claims: { sub: '42', plan: 'pro', jti: 'j-1' },
  body: { Grant: 'user-files' },
};

let broker: TestBroker;
/** The ticket of a good URL, in its five parts. */
let parts: readonly string[];

beforeAll(async () => {
  broker = await startTestBroker({ config: CONFIG, environment: ENVIRONMENT });
  parts = pathOf(await makeUrl(broker, BODY))
    .slice('/c/'.length)
    .split('.');
});

afterAll(async () => {
  await broker.close();
});

const use = (ticket: string, headers = {}) => useUrl(broker, `/c/${ticket}`, headers);
const lastProblem = () => JSON.stringify(broker.auditLines().at(-1)?.['why']);
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

/** The broker after a change of its config, with the issuer that it had. */
async function withChange<T>(
  change: (config: string) => string,
  ask: (changed: TestBroker) => Promise<T>,
): Promise<T> {
  const config = change(CONFIG);
  expect(config).not.toBe(CONFIG);
  const changed = await startTestBroker({
    config,
    environment: ENVIRONMENT,
    issuer: broker.issuer,
  });
  try {
    return await ask(changed);
  } finally {
    await changed.close();
  }
}

describe('threat 47: a credential URL that leaks', () => {
  it('says nothing: not whom it is for, nor what it gives, nor the subject token', async () => {
    const token = await broker.issuer.token({ sub: 'findable-subject' });
    const made = await makeUrl(broker, { token });
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
    // the last character of the tag has four free bits
    const respelled = `${tag.slice(0, -1)}${nextSpelling(tag.slice(-1))}`;
    const good = await use(parts.join('.'));
    const bad = [
      '',
      'x',
      '....',
      `${head}....`,
      [head, '', iv, text].join('.'),
      [head, '', iv, text, ''].join('.'),
      [head, '', iv, text, tag, ''].join('.'),
      [head, 'AAAA', iv, text, tag].join('.'),
      [flip(head, 4), '', iv, text, tag].join('.'),
      [head, '', flip(iv, 3), text, tag].join('.'),
      [head, '', iv, flip(text, 30), tag].join('.'),
      [head, '', iv, text.slice(0, -4), tag].join('.'),
      [head, '', iv, text, flip(tag, 3)].join('.'),
      [head, '', iv, text, tag.slice(0, -4)].join('.'),
      [head, '', iv, text, respelled].join('.'),
      [head, '', iv, text, `${tag}=`].join('.'),
      `${parts.join('.')}%20`,
      'x'.repeat(4001),
      encrypt(HEADER, Buffer.from('{}'), randomKey()),
    ];
    const answers = await Promise.all(bad.filter((ticket) => ticket !== '').map((one) => use(one)));

    expect(good.status).toBe(200);
    for (const { status, body } of answers) {
      expect([status, body['code']]).toEqual([401, 'credential_url_invalid']);
      expect(JSON.stringify(body)).not.toMatch(/JWE|decrypt|kid/i);
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
    expect(broker.auditLines().at(-1)).toMatchObject({ reason: 'ticket_invalid' });
  });

  it('gives no more credentials than it may, however they are asked for', async () => {
    const uses = 3;
    const made = await makeUrl(broker, { claims: { sub: 'counted' }, body: { Uses: uses } });
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => useUrl(broker, pathOf(made))),
    );
    const later = await useUrl(broker, pathOf(made));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(uses);
    expect(later.body['code']).toBe('credential_url_used_up');
    expect(broker.auditLines().at(-1)).toMatchObject({
      reason: 'ticket_used_up',
      ticketId: made.body['TicketId'],
      why: { uses },
    });
  });

  it('with a number of uses gives nothing while the store does not answer', async () => {
    const config = `${CONFIG}store: { redisUrlFrom: REDIS_URL }\n`;
    const environment = { ...ENVIRONMENT, REDIS_URL: 'redis://127.0.0.1:1' };
    const lost = await startTestBroker({ config, environment });
    const counted = pathOf(await makeUrl(lost, { body: { Uses: 5 } }));
    const uncounted = pathOf(await makeUrl(lost));
    const answers = [await useUrl(lost, counted), await useUrl(lost, uncounted)];
    await lost.close();

    expect(answers.map(({ status }) => status)).toEqual([503, 200]);
  });

  it.each([
    ['203.0.113.7', '203.0.113.7', 200],
    ['203.0.113.7', '203.0.113.8', 401],
    ['203.0.113.7', undefined, 401],
    ['203.0.113.7', '203.0.113.7, 203.0.113.8', 401],
    ['2001:db8::1', '2001:DB8:0::1', 200],
    ['2001:db8::1', '2001:db8::2', 401],
    ['203.0.113.7', '2001:db8::1', 401],
  ])('bound to %s and used from %s is answered with %s', async (bound, caller, status) => {
    const made = await makeUrl(broker, {
      claims: { sub: 'bound' },
      body: { BindAddress: true, Uses: 1 },
      headers: { 'X-Forwarded-For': bound },
    });
    const used = await useUrl(
      broker,
      pathOf(made),
      caller === undefined ? {} : { 'X-Forwarded-For': caller },
    );

    expect(made.body['BoundAddress']).toBe(bound);
    expect(used.status).toBe(status);
    // nobody learns that it is bound
    if (status !== 200) expect(used.body['code']).toBe('credential_url_invalid');
  });

  it('is not bound to an address that nobody knows', async () => {
    const { status, body } = await makeUrl(broker, { body: { BindAddress: true } });

    expect([status, body['code']]).toEqual([403, 'caller_address_unknown']);
  });

  it('ends when it says', async () => {
    const made = await makeUrl(broker, { claims: { sub: 'ending' }, body: { LifeSeconds: 100 } });
    const before = await useUrl(broker, pathOf(made));
    broker.clock.offsetMs = 101_000;
    const late = await useUrl(broker, pathOf(made));
    broker.clock.offsetMs = 0;

    expect([before.status, late.status]).toEqual([200, 401]);
    expect(late.body['code']).toBe('credential_url_expired');
  });

  it('leaves an audit line that says which of many URLs it was, whatever is refused', async () => {
    const made = await makeUrl(broker, { claims: { sub: 'leak' }, body: { LifeSeconds: 100 } });
    broker.clock.offsetMs = 101_000;
    await useUrl(broker, pathOf(made));
    broker.clock.offsetMs = 0;

    expect(broker.auditLines().at(-1)).toMatchObject({
      decision: 'refused',
      ticketId: made.body['TicketId'],
    });
  });

  const replace = (from: string, to: string) => (config: string) => config.replace(from, to);
  const denied = (member: string) => replace('    types:', `    deny: { ${member} }\n    types:`);

  it.each<[string, (config: string) => string, string]>([
    ['its subject is denied', denied('subjects: ["42"]'), 'subject_denied'],
    ['its token is denied', denied('tokenIds: [j-1]'), 'token_denied'],
    [
      'its tokens are revoked',
      replace('    types:', '    tokensValidAfter: 2099-01-01T00:00:00Z\n    types:'),
      'token_revoked',
    ],
    [
      'its grant is disabled',
      replace('  - name: user-files', '  - name: user-files\n    disabled: true'),
      'grant_disabled',
    ],
    [
      "its grant's tokens are revoked",
      replace(
        '  - name: user-files',
        '  - name: user-files\n    tokensValidAfter: 2099-01-01T00:00:00Z',
      ),
      'token_revoked',
    ],
    ['its grant is gone', replace('- name: user-files', '- name: other'), 'grant_not_available'],
    [
      'its grant is in report mode',
      replace('  - name: user-files', '  - name: user-files\n    mode: report'),
      'grant_not_available',
    ],
    [
      'its grant asks for another plan',
      replace(
        '  - name: user-files',
        '  - name: user-files\n    when: [{ claim: plan, equals: team }]',
      ),
      'grant_not_available',
    ],
    [
      'its grant excludes a claim that nobody read when it was made',
      replace(
        '  - name: user-files',
        '  - name: user-files\n    when: [{ claim: suspended, exists: false }]',
      ),
      'ticket_invalid',
    ],
    [
      'its grant allows less',
      replace('permissions: [read, write, list, delete]', 'permissions: [read]'),
      'ticket_invalid',
    ],
    [
      'its grant allows more',
      replace('oss://app-media/users/{user}/', 'oss://app-media/'),
      'ticket_invalid',
    ],
    ['its role is another', replace('role/oss-uploader', 'role/oss-other'), 'ticket_invalid'],
    [
      'its grant no longer denies public objects',
      replace('    duration: {', '    publicAcl: allow\n    duration: {'),
      'ticket_invalid',
    ],
    [
      'its issuer is gone',
      replace('issuer: "{{issuer}}"', 'issuer: https://other.example.com'),
      'issuer_untrusted',
    ],
    ['its audience is another', replace('[oss-token-broker]', '[other]'), 'audience_mismatch'],
    [
      'its type is not accepted',
      replace('types: [jwt, at+jwt]', 'types: [at+jwt]'),
      'token_type_not_allowed',
    ],
    [
      'its algorithm is not accepted',
      replace('    types:', '    algorithms: [RS256]\n    types:'),
      'algorithm_not_allowed',
    ],
    [
      'tokens may be only so old',
      replace('    types:', '    maxTokenAge: 1s\n    clockTolerance: 1s\n    types:'),
      'token_too_old',
    ],
    [
      'the key of the ticket is another',
      replace('TICKET_KEY_K1', 'TICKET_KEY_K2'),
      'ticket_invalid',
    ],
    ['the key of the ticket is gone', replace('id: k1', 'id: k9'), 'ticket_invalid'],
  ])('gives nothing once %s', async (_what, change, reason) => {
    const path = pathOf(
      await makeUrl(broker, { ...BODY, claims: { ...BODY.claims, iat: secondsAgo(5) } }),
    );
    const control = await useUrl(broker, path);
    const [used, line, calls] = await withChange(change, async (changed) => [
      await useUrl(changed, path),
      changed.auditLines().at(-1),
      changed.stsCalls(),
    ]);

    expect(control.status).toBe(200);
    expect(used.status).toBeGreaterThanOrEqual(400);
    expect(line).toMatchObject({ decision: 'refused', reason });
    expect(calls).toBe(0);
  });

  it('gives nothing once it is denied by its id, which denies no other', async () => {
    const [one, two] = [await makeUrl(broker, BODY), await makeUrl(broker, BODY)];
    const statuses = await withChange(
      replace('{ keys:', `{ deny: { ticketIds: [${one.body['TicketId']}] }, keys:`),
      async (changed) => [
        (await useUrl(changed, pathOf(one))).status,
        (await useUrl(changed, pathOf(two))).status,
      ],
    );

    expect(statuses).toEqual([401, 200]);
  });

  it('gives nothing once URLs may live only so long', async () => {
    const path = pathOf(await makeUrl(broker, BODY));
    const used = await withChange(replace('{ keys:', '{ maxLife: 1m, keys:'), async (changed) => {
      const inTime = await useUrl(changed, path);
      changed.clock.offsetMs = 61_000;
      return [inTime.status, (await useUrl(changed, path)).body['code']];
    });

    expect(used).toEqual([200, 'credential_url_expired']);
  });

  it('beyond its token gives nothing once URLs end with their tokens', async () => {
    const beyond = replace('{ keys:', '{ beyondToken: true, keys:');
    const claims = { sub: 'beyond', exp: secondsAgo(-60) };
    const path = await withChange(beyond, async (changed) =>
      pathOf(await makeUrl(changed, { claims })),
    );
    const inTime = await useUrl(broker, path);
    broker.clock.offsetMs = 70_000;
    const late = await useUrl(broker, path);
    broker.clock.offsetMs = 0;

    expect(inTime.status).toBe(200);
    expect(late.body['code']).toBe('credential_url_expired');
  });

  it('gives nothing once its issuer has another key, even with the same name', async () => {
    const inline = (key: { readonly publicJwk: object }) => (config: string) =>
      config.replace(
        '    types:',
        `    jwks: { keys: [${JSON.stringify(key.publicJwk)}] }\n    types:`,
      );
    const [key] = broker.issuer.keys();
    const path = pathOf(await makeUrl(broker, BODY));
    const use = (changed: TestBroker) => useUrl(changed, path);
    const same = await withChange(inline(key), use);
    const reused = await withChange(inline(generateSigningKey('ES256', key.keyId)), use);
    const other = await withChange(inline(generateSigningKey('ES256', 'other')), use);

    expect([same.status, reused.status, other.status]).toEqual([200, 401, 401]);
  });

  it('never gives more than the native API for the same identity and narrowing', async () => {
    const changes: readonly ((config: string) => string)[] = [
      replace('permissions: [read, write, list, delete]', 'permissions: [read, list]'),
      replace('when: [{ claim: plan, equals: pro }]', 'when: [{ claim: plan, equals: team }]'),
      replace('default: 15m, max: 1h', 'default: 15m, max: 20m, strict: true'),
      denied('subjects: [a]'),
      replace('users/{user}/', 'users/{user}/files/'),
    ];
    const others = await Promise.all(
      changes.map((change) =>
        startTestBroker({
          config: change(CONFIG),
          environment: ENVIRONMENT,
          issuer: broker.issuer,
        }),
      ),
    );
    const brokers = [broker, ...others];
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(identities, narrowings, fc.nat(changes.length), async (claims, body, at) => {
        const token = await broker.issuer.token({ ...claims, exp: secondsAgo(-claims.left) });
        const made = await makeUrl(broker, { token, body });
        const atFirst = await broker.ask({ token, body });
        expect(made.status === 200).toBe(atFirst.status === 200);
        if (made.status !== 200) return;
        const changed = brokers[at] ?? broker;
        const used = await useUrl(changed, pathOf(made));
        const native = await changed.ask({ token, body });

        outcomes.add(`${used.status} ${native.status}`);
        if (used.status !== 200) return;
        expect(native.status).toBe(200);
        expect(targetsOf(used)).toEqual(targetsOf(native));
        expect(targetsOf(used)).toEqual(targetsOf(made));
        const [usedLine, nativeLine] = changed.auditLines().slice(-2);
        expect(usedLine?.['sessionPolicySha256']).toBe(nativeLine?.['sessionPolicySha256']);
        expect(usedLine?.['roleSessionName']).toBe(nativeLine?.['roleSessionName']);
        // a second may pass between the two
        expect(Number(usedLine?.['durationSeconds'])).toBeLessThanOrEqual(
          Number(nativeLine?.['durationSeconds']) + 1,
        );
      }),
      { numRuns: 200, examples: EXAMPLES },
    );
    await Promise.all(others.map((other) => other.close()));

    expect([...outcomes]).toEqual(expect.arrayContaining(['200 200', '401 200', '403 403']));
  });
});

const identities = fc.record({
  sub: fc.constantFrom('a', 'ab', 'a/b'),
  plan: fc.constantFrom('pro', 'free'),
  left: fc.constantFrom(60, 1000, 5000),
});

type Identity = typeof identities extends fc.Arbitrary<infer Value> ? Value : never;

const narrowings = fc.record(
  {
    Grant: fc.constantFrom('user-files', 'shared'),
    Target: fc.constantFrom(
      'oss://app-media/users/a/',
      'oss://app-media/users/a/files/',
      'oss://app-media/users/a/files/b c%.txt',
      'oss://app-media/users/ab/',
      'oss://app-media/shared/',
    ),
    Permissions: fc.subarray(['read', 'write', 'list', 'delete'], { minLength: 1 }),
    DurationSeconds: fc.constantFrom(900, 1300, 3600),
  },
  { requiredKeys: [] },
);

type Narrowing = typeof narrowings extends fc.Arbitrary<infer Value> ? Value : never;

/** Compared in every run: nothing changed, and then the permissions, and then who has the grant. */
const EXAMPLES = [0, 1, 2].map((at): [Identity, Narrowing, number] => [
  { sub: 'a', plan: 'pro', left: 5000 },
  { Grant: at === 2 ? 'shared' : 'user-files' },
  at,
]);

/** Without endpoints, which each simulator has of its own. */
function targetsOf({ body }: Answer): readonly unknown[] {
  return toList(memberAt(body, ['Grant', 'Targets']))
    .map(toObject)
    .map(({ Target, Permissions }) => [Target, Permissions]);
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function secondsAgo(seconds: number): number {
  return Math.floor(Date.now() / 1000) - seconds;
}

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
