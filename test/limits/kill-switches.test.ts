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
  /** Claims that the kill switch refuses. */
  readonly refused: Readonly<Record<string, unknown>>;
  /** Claims that it does not affect. Absent: it affects all. */
  readonly allowed?: Readonly<Record<string, unknown>>;
  readonly outcome: string;
  readonly audited: Readonly<Record<string, unknown>>;
}

const SWITCHES: readonly Switch[] = [
  {
    what: 'a denied subject',
    issuer: 'deny: { subjects: [someone, mallory] }',
    refused: { sub: 'mallory' },
    allowed: { sub: 'mallory2' },
    outcome: '401 subject_token_invalid',
    audited: { reason: 'subject_denied', why: { issuerName: 'app' }, subject: 'mallory' },
  },
  {
    what: 'a denied subject beside one that differs in case',
    issuer: 'deny: { subjects: [mallory] }',
    refused: { sub: 'mallory' },
    allowed: { sub: 'Mallory' },
    outcome: '401 subject_token_invalid',
    audited: { reason: 'subject_denied' },
  },
  {
    what: 'a denied token',
    issuer: 'deny: { tokenIds: [stolen] }',
    refused: { jti: 'stolen' },
    allowed: { jti: 'other' },
    outcome: '401 subject_token_invalid',
    audited: { reason: 'token_denied', tokenId: 'stolen' },
  },
  {
    what: 'a denied token beside one without a jti',
    issuer: 'deny: { tokenIds: [stolen] }',
    refused: { jti: 'stolen' },
    allowed: {},
    outcome: '401 subject_token_invalid',
    audited: { reason: 'token_denied' },
  },
  {
    what: 'a token signed with a denied key',
    issuer: 'deny: { keyIds: [es256-1] }',
    refused: {},
    outcome: '401 subject_token_invalid',
    audited: { reason: 'key_denied', why: { issuerName: 'app', keyId: 'es256-1' } },
  },
  {
    what: 'a denied subject beside a denied key that is not used',
    issuer: 'deny: { keyIds: [es256-0], subjects: [mallory] }',
    refused: { sub: 'mallory' },
    allowed: {},
    outcome: '401 subject_token_invalid',
    audited: { reason: 'subject_denied' },
  },
  {
    what: "a token older than an issuer's tokensValidAfter",
    issuer: `tokensValidAfter: ${HALF_AN_HOUR_AGO}`,
    refused: { iat: HOUR_AGO },
    allowed: {},
    outcome: '401 subject_token_expired',
    audited: { reason: 'token_revoked' },
  },
  {
    what: 'a request for a disabled grant',
    grant: 'disabled: true',
    refused: {},
    outcome: '403 no_grant',
    audited: { reason: 'grant_disabled', why: { grant: 'user-files', by: 'disabled' } },
  },
  {
    what: "a token older than a grant's tokensValidAfter",
    grant: `tokensValidAfter: ${HALF_AN_HOUR_AGO}`,
    refused: { iat: HOUR_AGO },
    allowed: {},
    outcome: '401 subject_token_expired',
    audited: { reason: 'token_revoked', why: { issuedAt: expect.any(Number) } },
  },
  {
    what: "a token issued one second before a grant's tokensValidAfter",
    grant: `tokensValidAfter: ${new Date(HOUR_AGO * 1000).toISOString()}`,
    refused: { iat: HOUR_AGO - 1 },
    allowed: { iat: HOUR_AGO },
    outcome: '401 subject_token_expired',
    audited: { reason: 'token_revoked' },
  },
  {
    what: "any token, with a grant's tokensValidAfter in the future",
    grant: `tokensValidAfter: ${inOneHour}`,
    refused: {},
    outcome: '401 subject_token_expired',
    audited: { reason: 'token_revoked' },
  },
  {
    what: 'a subject that one grant denies',
    grant: 'deny: { subjects: [mallory] }',
    refused: { sub: 'mallory' },
    allowed: { sub: 'alice' },
    outcome: '403 no_grant',
    audited: { reason: 'grant_disabled', why: { grant: 'user-files', by: 'subject' } },
  },
  {
    what: 'a token that one grant denies',
    grant: 'deny: { tokenIds: [stolen] }',
    refused: { jti: 'stolen' },
    allowed: { jti: 'other' },
    outcome: '403 no_grant',
    audited: { reason: 'grant_disabled', why: { grant: 'user-files', by: 'tokenId' } },
  },
  {
    what: 'a key that one grant denies',
    grant: 'deny: { keyIds: [es256-1] }',
    refused: {},
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

  it('is refused and audited without a call to STS, and others are granted', async () => {
    const answer = await broker.ask({ claims: one.refused });

    expect(outcome(answer)).toBe(one.outcome);
    expect(broker.stsCalls()).toBe(0);
    expect(broker.auditLines().at(-1)).toMatchObject({ decision: 'refused', ...one.audited });
    if (one.allowed !== undefined) {
      expect(outcome(await broker.ask({ claims: one.allowed }))).toBe('200');
    }
  });
});

describe('a kill switch', () => {
  it('refuses a denied key that the token does not name', async () => {
    const key = generateSigningKey('ES256', 'leaked');
    const jwks = JSON.stringify({ keys: [key.publicJwk] });
    const inline = (deny: string) => limitedConfig({ issuer: `jwks: ${jwks}\n    ${deny}` });
    const refused = await startTestBroker({ config: inline('deny: { keyIds: [leaked] }') });
    const allowed = await startTestBroker({ config: inline('deny: { keyIds: [other] }') });
    const ask = async (broker: TestBroker) =>
      outcome(
        await broker.ask({
          token: await broker.issuer.token({}, { key, header: { kid: undefined } }),
        }),
      );

    expect(await ask(refused)).toBe('401 subject_token_invalid');
    expect(refused.auditLines().at(-1)).toMatchObject({ reason: 'key_denied' });
    expect(await ask(allowed)).toBe('200');
    await Promise.all([refused.close(), allowed.close()]);
  });

  it('of one grant affects no other grant, and selects no other grant', async () => {
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

  it('of one issuer does not affect another issuer', async () => {
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
