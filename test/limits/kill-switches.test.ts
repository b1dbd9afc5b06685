import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { generateSigningKey } from '../support/keys.ts';
import { limitedConfig, outcome } from './arrange.ts';

const HOUR_AGO = Math.floor(Date.now() / 1000) - 3600;
const inOneHour = new Date(Date.now() + 3_600_000).toISOString();
const HALF_AN_HOUR_AGO = new Date(Date.now() - 1_800_000).toISOString();

interface Switch {
  readonly what: string;
  readonly issuer?: string;
  readonly grant?: string;
  /** Claims that the switch says no to. */
  readonly stopped: Readonly<Record<string, unknown>>;
  /** Claims that it leaves alone; absent: nobody is. */
  readonly left?: Readonly<Record<string, unknown>>;
  readonly outcome: string;
  readonly audited: Readonly<Record<string, unknown>>;
}

const SWITCHES: readonly Switch[] = [
  {
    what: 'a denied subject',
    issuer: 'deny: { subjects: [someone, mallory] }',
    stopped: { sub: 'mallory' },
    left: { sub: 'mallory2' },
    outcome: '401 subject_token_invalid',
    audited: { reason: 'subject_denied', why: { issuerName: 'app' }, subject: 'mallory' },
  },
  {
    what: 'a denied subject of another case',
    issuer: 'deny: { subjects: [mallory] }',
    stopped: { sub: 'mallory' },
    left: { sub: 'Mallory' },
    outcome: '401 subject_token_invalid',
    audited: { reason: 'subject_denied' },
  },
  {
    what: 'a denied token',
    issuer: 'deny: { tokenIds: [stolen] }',
    stopped: { jti: 'stolen' },
    left: { jti: 'other' },
    outcome: '401 subject_token_invalid',
    audited: { reason: 'token_denied', tokenId: 'stolen' },
  },
  {
    what: 'a token without an id beside denied ones',
    issuer: 'deny: { tokenIds: [stolen] }',
    stopped: { jti: 'stolen' },
    left: {},
    outcome: '401 subject_token_invalid',
    audited: { reason: 'token_denied' },
  },
  {
    what: 'a denied key',
    issuer: 'deny: { keyIds: [es256-1] }',
    stopped: {},
    outcome: '401 subject_token_invalid',
    audited: { reason: 'key_denied', why: { issuerName: 'app', keyId: 'es256-1' } },
  },
  {
    what: 'a key beside a denied one',
    issuer: 'deny: { keyIds: [es256-0], subjects: [mallory] }',
    stopped: { sub: 'mallory' },
    left: {},
    outcome: '401 subject_token_invalid',
    audited: { reason: 'subject_denied' },
  },
  {
    what: "an issuer's tokensValidAfter",
    issuer: `tokensValidAfter: ${HALF_AN_HOUR_AGO}`,
    stopped: { iat: HOUR_AGO },
    left: {},
    outcome: '401 subject_token_expired',
    audited: { reason: 'token_revoked' },
  },
  {
    what: 'a disabled grant',
    grant: 'disabled: true',
    stopped: {},
    outcome: '403 no_grant',
    audited: { reason: 'grant_disabled', why: { grant: 'user-files', by: 'disabled' } },
  },
  {
    what: "a grant's tokensValidAfter",
    grant: `tokensValidAfter: ${HALF_AN_HOUR_AGO}`,
    stopped: { iat: HOUR_AGO },
    left: {},
    outcome: '401 subject_token_expired',
    audited: { reason: 'token_revoked', why: { issuedAt: expect.any(Number) } },
  },
  {
    what: "a token from the second before a grant's tokensValidAfter",
    grant: `tokensValidAfter: ${new Date(HOUR_AGO * 1000).toISOString()}`,
    stopped: { iat: HOUR_AGO - 1 },
    left: { iat: HOUR_AGO },
    outcome: '401 subject_token_expired',
    audited: { reason: 'token_revoked' },
  },
  {
    what: "a grant's tokensValidAfter in the future",
    grant: `tokensValidAfter: ${inOneHour}`,
    stopped: {},
    outcome: '401 subject_token_expired',
    audited: { reason: 'token_revoked' },
  },
  {
    what: 'a subject that is denied one grant',
    grant: 'deny: { subjects: [mallory] }',
    stopped: { sub: 'mallory' },
    left: { sub: 'alice' },
    outcome: '403 no_grant',
    audited: { reason: 'grant_disabled', why: { grant: 'user-files', by: 'subject' } },
  },
  {
    what: 'a token that is denied one grant',
    grant: 'deny: { tokenIds: [stolen] }',
    stopped: { jti: 'stolen' },
    left: { jti: 'other' },
    outcome: '403 no_grant',
    audited: { reason: 'grant_disabled', why: { grant: 'user-files', by: 'tokenId' } },
  },
  {
    what: 'a key that is denied one grant',
    grant: 'deny: { keyIds: [es256-1] }',
    stopped: {},
    outcome: '403 no_grant',
    audited: { reason: 'grant_disabled', why: { grant: 'user-files', by: 'keyId' } },
  },
];

describe.each(SWITCHES)('$what', (one) => {
  let broker: TestBroker;

  beforeAll(async () => {
    const { issuer, grant } = one;
    broker = await startTestBroker({
      config: limitedConfig({
        ...(issuer === undefined ? {} : { issuer }),
        ...(grant === undefined ? {} : { grant }),
      }),
    });
  });

  afterAll(() => broker.close());

  it('is refused before STS is asked, and audited, and others are left alone', async () => {
    const answer = await broker.ask({ claims: one.stopped });

    expect(outcome(answer)).toBe(one.outcome);
    expect(broker.stsCalls()).toBe(0);
    expect(broker.auditLines().at(-1)).toMatchObject({ decision: 'refused', ...one.audited });
    if (one.left !== undefined) {
      expect(outcome(await broker.ask({ claims: one.left }))).toBe('200');
    }
  });
});

describe('a kill switch', () => {
  it('stops a denied key that the token does not name', async () => {
    const key = generateSigningKey('ES256', 'leaked');
    const jwks = JSON.stringify({ keys: [key.publicJwk] });
    const inline = (deny: string) => limitedConfig({ issuer: `jwks: ${jwks}\n    ${deny}` });
    const stopped = await startTestBroker({ config: inline('deny: { keyIds: [leaked] }') });
    const left = await startTestBroker({ config: inline('deny: { keyIds: [other] }') });
    const ask = async (broker: TestBroker) =>
      outcome(
        await broker.ask({
          token: await broker.issuer.token({}, { key, header: { kid: undefined } }),
        }),
      );

    expect(await ask(stopped)).toBe('401 subject_token_invalid');
    expect(stopped.auditLines().at(-1)).toMatchObject({ reason: 'key_denied' });
    expect(await ask(left)).toBe('200');
    await Promise.all([stopped.close(), left.close()]);
  });

  it('of one grant leaves the other grants as they were, and gives nobody another grant', async () => {
    const config = limitedConfig({ grant: 'disabled: true' }).concat(`
  - name: shared
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/shared/", permissions: [read] }]
`);
    const broker = await startTestBroker({ config });

    expect(outcome(await broker.ask({ body: { Grant: 'user-files' } }))).toBe('403 no_grant');
    expect(outcome(await broker.ask({ body: { Grant: 'shared' } }))).toBe('200');
    expect(outcome(await broker.ask())).toBe('400 ambiguous_grant');
    await broker.close();
  });

  it('of one issuer is none of another', async () => {
    const other = generateSigningKey('ES256', 'other-key');
    const config = limitedConfig({ issuer: 'deny: { subjects: [mallory] }' })
      .replace(
        'grants:',
        `  - name: other
    issuer: https://other.example.com
    audiences: [oss-token-broker]
    jwks: ${JSON.stringify({ keys: [other.publicJwk] })}
    attributes: { user: { claim: sub } }
grants:`,
      )
      .concat(`
  - name: other-files
    issuer: other
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/other/{user}/", permissions: [read] }]
`);
    const broker = await startTestBroker({ config });
    const claims = { iss: 'https://other.example.com', sub: 'mallory' };
    const token = await broker.issuer.token(claims, { key: other });

    expect(outcome(await broker.ask({ token }))).toBe('200');
    expect(outcome(await broker.ask({ claims: { sub: 'mallory' } }))).toBe(
      '401 subject_token_invalid',
    );
    await broker.close();
  });
});
