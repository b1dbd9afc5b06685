/** Requests that are refused for their subject token. */
import type { TestBroker } from '../support/broker.ts';
import { generateSigningKey, signCompact } from '../support/keys.ts';
import { asking, BASIC, type RefusalCase, withClaims } from './refusal-case.ts';

/** A key that an issuer still publishes, but that is no longer trusted. */
export const leaked = generateSigningKey('ES256', 'leaked-key');
export const LEAKED_ISSUER = 'https://leaked.example.com';

const CHALLENGE = /^Bearer realm="oss-token-broker", error="invalid_token"/;
const stranger = generateSigningKey('ES256', 'es256-1');
const hourAgo = () => Math.floor(Date.now() / 1000) - 3600;

const withToken =
  (makeToken: (broker: TestBroker) => string | Promise<string>) => async (broker: TestBroker) =>
    broker.ask({ token: await makeToken(broker) });

const withHeader = (header: Readonly<Record<string, unknown>>) =>
  withToken((broker) => broker.issuer.token(BASIC, { header }));

const invalidToken = {
  status: 401,
  code: 'subject_token_invalid',
  headers: { 'WWW-Authenticate': CHALLENGE },
};
const expiredToken = { ...invalidToken, code: 'subject_token_expired' };

export const TOKEN_CASES: readonly RefusalCase[] = [
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
    why: { issuerName: 'app', claim: 'sub' },
  },
  {
    reason: 'claim_not_allowed',
    ...invalidToken,
    ask: withClaims({ cnf: { jkt: 'x' } }),
    why: { issuerName: 'app', claim: 'cnf' },
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
    why: { issuerName: 'app', claim: 'nbf' },
  },
  {
    reason: 'token_expired',
    ...expiredToken,
    ask: withClaims({ iat: hourAgo(), exp: hourAgo() + 60 }),
    why: { issuerName: 'app' },
  },
  {
    reason: 'token_too_old',
    ...expiredToken,
    ask: withClaims({ iat: hourAgo() - 86_400 }),
    why: { issuerName: 'app' },
  },
  {
    reason: 'token_revoked',
    ...expiredToken,
    ask: withClaims({ iat: 1_500_000_000 }),
    why: { issuerName: 'app', issuedAt: 1_500_000_000 },
  },
  {
    reason: 'issuer_keys_unavailable',
    status: 503,
    code: 'issuer_unavailable',
    ask: withClaims({ iss: 'http://127.0.0.1:1' }),
    why: { issuerName: 'unreachable' },
    headers: { 'Retry-After': /^\d+$/ },
  },
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
];
