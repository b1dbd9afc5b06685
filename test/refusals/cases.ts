/** One request for every reason, with its expected answer and audit line; shared by several tests. */
import { expect } from 'vitest';
import type { Fault } from '../../simulator/faults.ts';
import type { Reason } from '../../src/refusal.ts';
import type { Answer, AskOptions, TestBroker } from '../support/broker.ts';
import { generateSigningKey, signCompact } from '../support/keys.ts';

/** A key that an issuer still publishes, but that is no longer trusted. */
const leaked = generateSigningKey('ES256', 'leaked-key');
const LEAKED_ISSUER = 'https://leaked.example.com';

/** Each case selects its grant with the claim `plan`. */
export const REFUSALS_CONFIG = `
region: cn-hangzhou
sts: { endpoint: "{{sts}}", timeout: 1s }
buckets:
  app-media: { region: cn-hangzhou, endpoint: "{{oss}}" }
callerAddress: { header: X-Forwarded-For, trustedHops: 1 }
issuers:
  - name: app
    issuer: "{{issuer}}"
    audiences: [oss-token-broker]
    tokensValidAfter: 2020-01-01T00:00:00Z
    deny: { subjects: [mallory], tokenIds: [stolen] }
    attributes:
      user: { claim: sub }
      teams: { claim: groups, grammar: path }
  - name: unreachable
    issuer: http://127.0.0.1:1
    audiences: [oss-token-broker]
  - name: leaked
    issuer: ${LEAKED_ISSUER}
    audiences: [oss-token-broker]
    jwks: { keys: [${JSON.stringify(leaked.publicJwk)}] }
    deny: { keyIds: [leaked-key] }
    attributes:
      user: { claim: sub }
grants:
  - name: user-files
    issuer: app
    when: [{ claim: plan, equals: basic }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read, write] }]
    restrict: { https: false }
  - name: strict
    issuer: app
    when: [{ claim: plan, equals: strict }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
    duration: { strict: true }
  - name: bound
    issuer: app
    when: [{ claim: plan, equals: bound }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
    restrict: { sourceIp: caller }
  - name: teams
    issuer: app
    when: [{ claim: plan, in: [teams, both] }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/teams/{teams}/", permissions: [read, list] }]
  - name: both
    issuer: app
    when: [{ claim: plan, equals: both }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
  - name: nowhere
    issuer: app
    when: [{ claim: plan, equals: nowhere }]
    role: acs:ram::123456789012:role/no-such-role
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
  - name: switched-off
    issuer: app
    when: [{ claim: plan, equals: switched-off }]
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
    disabled: true
  - name: leaked
    issuer: leaked
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]
`;

export interface RefusalCase {
  readonly reason: Reason;
  readonly status: number;
  readonly code: string;
  readonly ask: (broker: TestBroker) => Promise<Answer>;
  /** Expected calls to STS. Absent: 0. */
  readonly stsCalls?: number;
  /** Expected facts in the audit line. */
  readonly why?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string | RegExp>>;
}

const BASIC = { plan: 'basic' };
const CHALLENGE = /^Bearer realm="oss-token-broker", error="invalid_token"/;
const stranger = generateSigningKey('ES256', 'es256-1');
const hourAgo = () => Math.floor(Date.now() / 1000) - 3600;

/** A good request, except for the changes of the case. */
const asking =
  (options: AskOptions = {}) =>
  (broker: TestBroker) =>
    broker.ask({ claims: BASIC, ...options });

const withClaims = (claims: Readonly<Record<string, unknown>>) =>
  asking({ claims: { ...BASIC, ...claims } });

const withToken =
  (makeToken: (broker: TestBroker) => string | Promise<string>) => async (broker: TestBroker) =>
    broker.ask({ token: await makeToken(broker) });

const withHeader = (header: Readonly<Record<string, unknown>>) =>
  withToken((broker) => broker.issuer.token(BASIC, { header }));

/** STS fails once, or so many times. Each case has its own subject, so that no cached answer exists. */
const withFault =
  (fault: Fault, times = 1) =>
  async (broker: TestBroker) => {
    broker.simulator.sts.faults.once(fault, times);
    const sub = `user-${JSON.stringify(fault).replace(/[^a-z0-9]/gi, '')}`;
    return broker.ask({ claims: { ...BASIC, sub } });
  };

const invalidToken = {
  status: 401,
  code: 'subject_token_invalid',
  headers: { 'WWW-Authenticate': CHALLENGE },
};
const expiredToken = { ...invalidToken, code: 'subject_token_expired' };

const REQUEST_CASES: readonly RefusalCase[] = [
  {
    reason: 'route_unknown',
    status: 404,
    code: 'not_found',
    ask: asking({ path: '/v2/credentials' }),
  },
  {
    reason: 'too_many_header_lines',
    status: 431,
    code: 'too_many_header_lines',
    ask: asking({
      headers: Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x${n}`, 'x'])),
    }),
    why: { limit: 100 },
  },
  {
    reason: 'method_not_allowed',
    status: 405,
    code: 'method_not_allowed',
    ask: asking({ method: 'PUT' }),
    headers: { Allow: 'GET, POST, OPTIONS' },
  },
  {
    reason: 'not_acceptable',
    status: 406,
    code: 'not_acceptable',
    ask: asking({ headers: { Accept: 'text/html' } }),
  },
  {
    reason: 'body_too_large',
    status: 413,
    code: 'body_too_large',
    ask: asking({ body: JSON.stringify({ Grant: 'x'.repeat(4096) }) }),
    why: { limitBytes: 4096 },
  },
  {
    reason: 'media_type_unsupported',
    status: 415,
    code: 'unsupported_media_type',
    ask: asking({
      body: 'Grant=x',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    }),
  },
  {
    reason: 'request_malformed',
    status: 400,
    code: 'invalid_request',
    ask: asking({ body: { Grants: 'x' } }),
    why: { problem: 'the request has an unknown member', member: 'Grants' },
  },
  {
    reason: 'origin_not_allowed',
    status: 403,
    code: 'origin_not_allowed',
    ask: asking({
      token: null,
      method: 'OPTIONS',
      headers: {
        Origin: 'https://elsewhere.example.com',
        'Access-Control-Request-Method': 'POST',
      },
    }),
    why: { origin: 'https://elsewhere.example.com' },
  },
];

const TOKEN_CASES: readonly RefusalCase[] = [
  {
    reason: 'token_missing',
    status: 401,
    code: 'subject_token_required',
    ask: asking({ token: null }),
    headers: { 'WWW-Authenticate': 'Bearer realm="oss-token-broker"' },
  },
  { reason: 'token_too_large', ...invalidToken, ask: withClaims({ padding: 'x'.repeat(8192) }) },
  { reason: 'token_malformed', ...invalidToken, ask: withToken(() => 'not.a-token') },
  {
    reason: 'header_not_allowed',
    ...invalidToken,
    ask: withHeader({ jku: 'https://evil.example.com' }),
    why: { header: 'jku' },
  },
  {
    reason: 'algorithm_not_allowed',
    ...invalidToken,
    ask: withToken((broker) => signCompact({ alg: 'HS256' }, broker.issuer.claims(), stranger)),
    why: { issuerName: 'app', unverified: { alg: 'HS256' } },
  },
  {
    reason: 'token_type_not_allowed',
    ...invalidToken,
    ask: withHeader({ typ: 'logout+jwt' }),
    why: { issuerName: 'app', unverified: { typ: 'logout+jwt' } },
  },
  {
    reason: 'issuer_untrusted',
    ...invalidToken,
    ask: withClaims({ iss: 'https://evil.example.com' }),
    why: { claimedIssuer: 'https://evil.example.com' },
  },
  {
    reason: 'key_unknown',
    ...invalidToken,
    ask: withHeader({ kid: 'no-such-key' }),
    why: { issuerName: 'app', unverified: { alg: 'ES256', kid: 'no-such-key' } },
  },
  {
    reason: 'signature_invalid',
    ...invalidToken,
    ask: withToken((broker) =>
      signCompact(
        { alg: 'ES256', kid: broker.issuer.keys()[0].keyId },
        broker.issuer.claims(BASIC),
        stranger,
      ),
    ),
  },
  {
    reason: 'claim_invalid',
    ...invalidToken,
    ask: withClaims({ sub: { toString: 'admin' } }),
    why: { claim: 'sub' },
  },
  {
    reason: 'claim_not_allowed',
    ...invalidToken,
    ask: withClaims({ cnf: { jkt: 'x' } }),
    why: { claim: 'cnf' },
  },
  {
    reason: 'audience_mismatch',
    ...invalidToken,
    ask: withClaims({ aud: 'another-service' }),
    why: { issuerName: 'app', aud: 'another-service' },
  },
  {
    reason: 'token_not_yet_valid',
    ...invalidToken,
    ask: withClaims({ nbf: hourAgo() + 7200 }),
    why: { claim: 'nbf' },
  },
  {
    reason: 'token_expired',
    ...expiredToken,
    ask: withClaims({ iat: hourAgo(), exp: hourAgo() + 60 }),
  },
  { reason: 'token_too_old', ...expiredToken, ask: withClaims({ iat: hourAgo() - 86_400 }) },
  {
    reason: 'token_revoked',
    ...expiredToken,
    ask: withClaims({ iat: 1_500_000_000 }),
    why: { issuedAt: 1_500_000_000 },
  },
  {
    reason: 'issuer_keys_unavailable',
    status: 503,
    code: 'issuer_unavailable',
    ask: withClaims({ iss: 'http://127.0.0.1:1' }),
    why: { issuerName: 'unreachable' },
    headers: { 'Retry-After': /^\d+$/ },
  },
];

const GRANT_CASES: readonly RefusalCase[] = [
  {
    reason: 'no_grant_fits',
    status: 403,
    code: 'no_grant',
    ask: withClaims({ plan: 'none' }),
    why: {
      misfits: expect.arrayContaining([
        { grant: 'user-files', why: 'condition equals on claim "plan" does not hold' },
      ]),
    },
  },
  {
    reason: 'grant_not_available',
    status: 403,
    code: 'no_grant',
    ask: asking({ body: { Grant: 'strict' } }),
  },
  {
    reason: 'ambiguous_grant',
    status: 400,
    code: 'ambiguous_grant',
    ask: asking({ claims: { plan: 'both', groups: ['a'] } }),
    why: { grants: ['teams', 'both'] },
  },
  {
    reason: 'target_malformed',
    status: 400,
    code: 'invalid_target',
    ask: asking({ body: { Target: 'oss://app-media/users/*/' } }),
  },
  {
    reason: 'target_outside_grant',
    status: 403,
    code: 'target_outside_grant',
    ask: asking({ body: { Target: 'oss://app-media/users/user-10/' } }),
  },
  {
    reason: 'permission_outside_grant',
    status: 403,
    code: 'permission_outside_grant',
    ask: asking({ body: { Permissions: ['read', 'delete'] } }),
  },
  {
    reason: 'duration_outside_grant',
    status: 403,
    code: 'duration_outside_grant',
    ask: asking({ body: { DurationSeconds: 3601 } }),
    why: { maxSeconds: 3600 },
  },
  {
    reason: 'token_life_too_short',
    status: 403,
    code: 'subject_token_life_too_short',
    ask: asking({ claims: { plan: 'strict' } }),
  },
  {
    reason: 'caller_address_unknown',
    status: 403,
    code: 'caller_address_unknown',
    ask: asking({ claims: { plan: 'bound' } }),
  },
  {
    reason: 'session_policy_too_large',
    status: 403,
    code: 'too_many_targets',
    ask: asking({
      claims: { plan: 'teams', groups: Array.from({ length: 60 }, (_, n) => `team-${n}`) },
    }),
  },
];

const KILL_SWITCH_CASES: readonly RefusalCase[] = [
  {
    reason: 'subject_denied',
    ...invalidToken,
    ask: withClaims({ sub: 'mallory' }),
    why: { issuerName: 'app' },
  },
  {
    reason: 'token_denied',
    ...invalidToken,
    ask: withClaims({ jti: 'stolen' }),
    why: { issuerName: 'app' },
  },
  // the token does not name its key, which makes no difference
  {
    reason: 'key_denied',
    ...invalidToken,
    ask: withToken((broker) =>
      signCompact({ alg: 'ES256' }, broker.issuer.claims({ iss: LEAKED_ISSUER }), leaked),
    ),
    why: { issuerName: 'leaked', keyId: 'leaked-key' },
  },
  {
    reason: 'grant_disabled',
    status: 403,
    code: 'no_grant',
    ask: asking({ claims: { plan: 'switched-off' } }),
    why: { grant: 'switched-off', by: 'disabled' },
  },
];

const STS_CASES: readonly RefusalCase[] = [
  {
    reason: 'sts_throttled',
    status: 503,
    code: 'sts_throttled',
    ask: withFault({ kind: 'throttling' }),
    stsCalls: 1,
    headers: { 'Retry-After': '1' },
  },
  {
    reason: 'sts_throttled',
    status: 503,
    code: 'sts_throttled',
    ask: withFault({ kind: 'redirect302', body: 'json' }),
    stsCalls: 1,
    headers: { 'Retry-After': '1' },
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'json5xx', code: 'InternalError' }),
    stsCalls: 1,
    headers: { 'Retry-After': '1' },
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'reset' }, 2),
    stsCalls: 2,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'hang' }),
    stsCalls: 1,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'halfAnswer' }),
    stsCalls: 1,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'slow', delayMs: 3000 }),
    stsCalls: 1,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'html5xx', status: 502 }),
    stsCalls: 1,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'html200' }),
    stsCalls: 1,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'redirect302', body: 'html' }),
    stsCalls: 1,
    headers: { 'Retry-After': '1' },
  },
  {
    reason: 'sts_answer_unusable',
    status: 502,
    code: 'sts_answer_unusable',
    ask: withFault({ kind: 'malformedCredentials', omit: ['SecurityToken'] }),
    stsCalls: 1,
  },
  {
    reason: 'sts_answer_unusable',
    status: 502,
    code: 'sts_answer_unusable',
    ask: withFault({ kind: 'malformedCredentials', set: { Expiration: '2020-01-01T00:00:00Z' } }),
    stsCalls: 1,
  },
  {
    reason: 'sts_refused',
    status: 502,
    code: 'sts_refused',
    ask: withFault({ kind: 'clockSkew' }),
    stsCalls: 1,
    why: { stsCode: 'InvalidTimeStamp.Expired', hint: expect.stringContaining('NTP') },
  },
  // the broker's user may assume only one role, so STS names the policy and not the role
  {
    reason: 'sts_refused',
    status: 502,
    code: 'sts_refused',
    ask: asking({ claims: { plan: 'nowhere' } }),
    stsCalls: 1,
    why: {
      stsCode: 'NoPermission',
      hint: expect.stringContaining('sts:AssumeRole on acs:ram::123456789012:role/no-such-role'),
    },
  },
  {
    reason: 'source_credentials_unavailable',
    status: 503,
    code: 'source_credentials_unavailable',
    ask: withFault({ kind: 'sourceCredentialsExpired' }),
    stsCalls: 1,
    why: { problem: expect.stringContaining('InvalidSecurityToken.Expired') },
  },
];

export const REFUSAL_CASES: readonly RefusalCase[] = [
  ...REQUEST_CASES,
  ...TOKEN_CASES,
  ...GRANT_CASES,
  ...KILL_SWITCH_CASES,
  ...STS_CASES,
];

/** Reasons that need a defect, a broken log, an earlier request or another surface. Other tests cover them. */
export const REASONS_WITH_OWN_TESTS: readonly Reason[] = [
  'grant_type_unsupported',
  'policy_outside_grant',
  'internal_error',
  'audit_unavailable',
  'rate_limited',
  'sts_share_used_up',
  'token_replayed',
  'replay_store_unavailable',
  'ticket_invalid',
  'ticket_expired',
  'ticket_used_up',
  'ticket_too_large',
];

/** Makes one granted request, since five STS failures in a row would open the circuit. */
export async function keepCircuitClosed(broker: TestBroker, { stsCalls }: RefusalCase) {
  if (stsCalls === undefined || stsCalls === 0) return;
  const sub = `before-${broker.stsCalls()}`;
  await broker.ask({ claims: { plan: 'basic', sub } });
}
