/** What every audit line says about the request, and what no line ever says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_LINE_BYTES } from '../../src/audit/line.ts';
import { REFUSALS_CONFIG } from '../refusals/cases.ts';
import { type AskOptions, startTestBroker, type TestBroker } from '../support/broker.ts';
import { HOSTILE_STRINGS } from '../support/hostile-strings.ts';

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: REFUSALS_CONFIG });
});

afterAll(() => broker.close());

async function lineOf(options: AskOptions) {
  const before = broker.log.text.length;
  await broker.ask({ claims: { plan: 'basic' }, ...options });
  const text = broker.log.text.slice(before);
  expect(text.split('\n')).toHaveLength(2);
  return { text, line: broker.auditLines().at(-1) ?? {} };
}

const ASKED = {
  Grant: 'user-files',
  Target: 'oss://app-media/users/user-1/a.txt',
  Permissions: ['read', 'write'],
  DurationSeconds: 900,
};
const REQUESTED = {
  grant: 'user-files',
  target: 'oss://app-media/users/user-1/a.txt',
  permissions: 'read,write',
  duration: '900',
};
const QUERY =
  '/v1/credentials?Grant=user-files&Target=oss://app-media/users/user-1/a.txt&Permissions=read,write&DurationSeconds=900';

describe('what was asked', () => {
  it.each<[string, AskOptions, string]>([
    ['a grant', {}, 'granted'],
    ['a refusal without a token', { token: null }, 'token_missing'],
    [
      'a refusal of another scheme',
      { token: null, headers: { Authorization: 'Basic x' } },
      'token_malformed',
    ],
    ['a refusal of the token', { token: 'x.y.z' }, 'token_malformed'],
    ['a refusal of the header Accept', { headers: { Accept: 'image/png' } }, 'not_acceptable'],
    ['a refusal of every grant', { claims: { plan: 'none' } }, 'grant_not_available'],
  ])('is in the line of %s, by POST and by GET', async (_what, options, outcome) => {
    for (const asked of [{ body: ASKED }, { method: 'GET', path: QUERY }]) {
      const { line } = await lineOf({ ...options, ...asked });
      expect(line['reason'] ?? line['decision']).toBe(outcome);
      expect(line['requested']).toEqual(REQUESTED);
    }
  });

  it('is nothing if the caller asks for the whole grant', async () => {
    expect((await lineOf({})).line['requested']).toEqual({});
  });

  it.each<[AskOptions, object]>([
    [{ body: { Grant: 7 } }, { grant: '7' }],
    [{ body: { Target: { a: [1] } } }, { target: '{"a":[1]}' }],
    [{ body: { Target: 'oss://app-media/*' } }, { target: 'oss://app-media/*' }],
    [{ body: { Permissions: 'all' } }, { permissions: 'all' }],
    [{ body: { Permissions: ['read', 'own'] } }, { permissions: 'read,own' }],
    [{ body: { Permissions: ['read', 7] } }, { permissions: '["read",7]' }],
    [{ body: { DurationSeconds: null } }, { duration: 'null' }],
    [{ body: { Grant: 'g'.repeat(1000) } }, { grant: 'g'.repeat(100) }],
    [{ method: 'GET', path: '/v1/credentials?DurationSeconds=15m' }, { duration: '15m' }],
    [{ method: 'GET', path: '/v1/credentials?Grant=a&Grant=b' }, { grant: 'a' }],
  ])('is bounded text where it is malformed: %j', async (options, requested) => {
    const { line } = await lineOf(options);
    expect(line['decision']).toBe('refused');
    expect(line['requested']).toEqual(requested);
  });

  it.each<[AskOptions, string]>([
    [{ body: { grant: 'x' } }, 'grant'],
    [{ method: 'GET', path: '/v1/credentials?access_token=x' }, 'access_token'],
    [{ method: 'GET', path: '/v1/credentials?Grant=a&Grant=b' }, 'Grant'],
    [{ body: { ['m'.repeat(300)]: 1 } }, 'm'.repeat(100)],
  ])('names the member that is unknown or repeated: %j', async (options, member) => {
    const { line } = await lineOf(options);
    expect(line).toMatchObject({ reason: 'request_malformed', why: { member } });
  });
});

describe('every audit line', () => {
  it('begins with the version of the schema', async () => {
    await lineOf({});
    await lineOf({ token: null });
    for (const text of broker.log.text.trimEnd().split('\n')) {
      expect(text).toMatch(/^\{"version":1,"time":"/);
    }
  });

  it.each(HOSTILE_STRINGS.slice(0, 120))('stays one plain line for %j', async (hostile) => {
    const path = `/v1/credentials?${encodeURIComponent(hostile.toWellFormed().slice(0, 300))}=1`;
    const tokens = await Promise.all([
      broker.issuer.token({ aud: hostile.slice(0, 2000) }),
      broker.issuer.token({}, { header: { kid: hostile.slice(0, 200) } }),
      broker.issuer.token({ iss: hostile.slice(0, 2000) }),
    ]);
    const asks: AskOptions[] = [
      { body: { Target: hostile.slice(0, 1000) } },
      { method: 'GET', path },
      ...tokens.map((token) => ({ token })),
    ];
    for (const options of asks) {
      const { text } = await lineOf(options);
      expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(Buffer.byteLength(text)).toBeLessThan(8192);
    }
  });

  it('has at most 32 KiB, and says what was cut', async () => {
    const groups = Array.from({ length: 900 }, (_, n) => `team-${n}`);
    const wide = await startTestBroker({
      config: REFUSALS_CONFIG.replace(
        '    when: [{ claim: plan, in: [teams, both] }]\n',
        '',
      ).concat(
        Array.from(
          { length: 400 },
          (_, n) => `  - name: spare-${n}-${'x'.repeat(40)}
    issuer: app
    when: [{ claim: ${'y'.repeat(300)}, equals: spare }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
`,
        ).join(''),
      ),
    });
    // the first 100 of 407 grants that do not fit, and an identity of characters that take six bytes each
    const sub = '\u202e'.repeat(1024);
    await wide.ask({ claims: { plan: 'none', sub, jti: sub.slice(0, 500) } });
    await wide.ask({ claims: { plan: 'teams', groups: groups.slice(0, 150) } });
    const texts = wide.log.text.trimEnd().split('\n');
    const [first] = wide.auditLines();
    await wide.close();

    expect(texts).toHaveLength(2);
    for (const text of texts)
      expect(Buffer.byteLength(text) + 1).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(first).toMatchObject({
      reason: 'no_grant_fits',
      subject: sub,
      shortened: { 'why.misfits': 100 },
    });
  });
});

/** As callers send them to a wrong place. */
const SECRET = 'Kq7dPz3mWn9xRt5vBy1cLf8hJs2gTu';
const STS_SECRET = 'CVwjCkNzTMupZ8NbTCxCBRq3K16jtcWFTJAyBEv2abcd';
const SECURITY_TOKEN = `CAIS${'hwJ1q6Ft5B2yfSjIr5bSEsj4g7Bi/hPWGWHz+KsY'.repeat(12)}==`;

describe('no audit line', () => {
  it('contains a token or secret that was sent in a wrong place', async () => {
    const token = await broker.issuer.token({ plan: 'basic' });
    const [head = '', payload = '', signature = ''] = token.split('.');
    const whole = [token, SECRET, STS_SECRET, SECURITY_TOKEN];
    const pieces = [...whole, `${payload}.${signature}`, `Bearer ${token}`, `oss://b/${token}`];
    const before = broker.log.text.length;
    for (const piece of pieces) {
      const name = encodeURIComponent(piece);
      for (const member of ['Grant', 'Target', 'DurationSeconds']) {
        await broker.ask({ body: { [member]: piece } });
        await broker.ask({ method: 'GET', path: `/v1/credentials?${member}=${name}` });
      }
      await broker.ask({ body: { Permissions: [piece] } });
      await broker.ask({ body: { [piece]: 'x' } });
      await broker.ask({ body: { Target: { nested: [piece] } }, token: null });
      await broker.ask({ method: 'GET', path: `/v1/credentials?${name}=x` });
      await broker.ask({ claims: { aud: piece } });
      await broker.ask({ claims: { iss: piece } });
      await broker.ask({
        token: null,
        method: 'OPTIONS',
        headers: { Origin: piece, 'Access-Control-Request-Method': 'POST' },
      });
    }
    for (const member of ['typ', 'kid']) {
      await broker.ask({ token: await broker.issuer.token({}, { header: { [member]: token } }) });
    }
    const written = broker.log.text.slice(before);

    expect(written.trimEnd().split('\n')).toHaveLength(pieces.length * 13 + 2);
    for (const secret of [head, payload, signature, ...whole]) {
      for (let at = 0; at + 16 <= secret.length; at += 8) {
        expect(written).not.toContain(secret.slice(at, at + 16));
      }
    }
    expect(written).toContain('[token]');
    expect(written).toContain('[secret]');
  });

  it('lacks its target because it looks a little like a secret', async () => {
    for (const Target of [
      'oss://app-media/users/3f2c1a90-7b64-4e0d-9a51-0c8e2d6f7b31/',
      'oss://app-media/Users/42/Photos/2026/Summer/Holiday-01/IMG_0001.JPG',
      `oss://app-media/users/${'abcdefgh23456'.repeat(4)}/photo.jpg`,
      'oss://app-media/surveyData2026/moneyJar.csv',
    ]) {
      expect((await lineOf({ body: { Target } })).line).toMatchObject({
        requested: { target: Target },
      });
    }
  });
});

describe('the age of the keys', () => {
  it('is in every line of a verified token, and in that of an unknown key', async () => {
    const other = await startTestBroker();
    await other.ask();
    other.clock.offsetMs = 9 * 60 * 1000;
    await other.ask();
    await other.ask({ body: { Target: 'oss://app-media/other/' } });
    other.issuer.fault('jwks', { kind: 'status', status: 500 });
    await other.ask({ token: await other.issuer.token({}, { header: { kid: 'new' } }) });
    other.clock.offsetMs = 25 * 60 * 60 * 1000;
    await other.ask();
    const [first, second, third, fourth, fifth] = other.auditLines();
    await other.close();

    expect(first).toMatchObject({ decision: 'granted', keyAgeSeconds: 0 });
    expect(second).toMatchObject({ decision: 'granted', keyAgeSeconds: 540 });
    expect(third).toMatchObject({ reason: 'target_outside_grant', keyAgeSeconds: 540 });
    expect(fourth).toMatchObject({
      reason: 'issuer_keys_unavailable',
      why: { keyAgeSeconds: 540 },
    });
    expect(fifth).toMatchObject({
      reason: 'issuer_keys_unavailable',
      why: { keyAgeSeconds: 90_000 },
    });
  });
});
