/** Checks the registered claims of a subject token whose signature is verified. */
import type { TrustedIssuer } from '../config/config.ts';
import { boundedText } from '../lib/bounded-text.ts';
import type { JsonObject } from '../lib/strict-json.ts';
import type { SubjectToken } from '../ports.ts';
import { refuse } from '../refusal.ts';

/** The end of the year 9999: RFC 3339 cannot express later dates. */
const MAX_NUMERIC_DATE = 253_402_300_799;

const MAX_IDENTIFIER_LENGTH = 1024;

const MAX_LOGGED_AUDIENCE_LENGTH = 100;

/** Two lone surrogates become the same bytes in UTF-8, so two identities could become one. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * `cnf` binds a token to a key whose possession the caller must prove (RFC 7800). `events` marks
 * logout tokens and security event tokens (OpenID Connect Back-Channel Logout 1.0, RFC 8417).
 */
const FORBIDDEN = ['cnf', 'events'] as const;

/**
 * Checks the registered claims (RFC 7519, section 4.1) against the issuer's settings and the clock.
 * Call it only after the signature is verified: some refusals reveal times to the caller.
 * Throws `claim_invalid`, `claim_not_allowed`, `audience_mismatch`, `token_expired`,
 * `token_not_yet_valid`, `token_too_old` or `token_revoked`.
 */
export function checkClaims(
  claims: JsonObject,
  issuer: TrustedIssuer,
  nowMs: number,
): Omit<SubjectToken, 'issuer' | 'claims'> {
  const issuerName = issuer.name;
  for (const claim of FORBIDDEN) {
    if (claim in claims) throw refuse({ reason: 'claim_not_allowed', issuerName, claim });
  }
  checkAudience(claims['aud'], issuer);
  const subject = readIdentifier(claims, 'sub', issuerName);
  const tokenId = 'jti' in claims ? readIdentifier(claims, 'jti', issuerName) : undefined;
  const times = checkTimes(claims, issuer, nowMs / 1000);
  return { subject, ...(tokenId === undefined ? {} : { tokenId }), ...times };
}

function checkAudience(audience: unknown, { name: issuerName, audiences }: TrustedIssuer): void {
  const values: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  if (!values.every((value) => typeof value === 'string')) {
    throw invalid('aud', 'is not a string or an array of strings', issuerName);
  }
  if (!values.some((value) => audiences.includes(value))) {
    const aud = boundedText(audience, MAX_LOGGED_AUDIENCE_LENGTH, 'tokens and secrets');
    throw refuse({ reason: 'audience_mismatch', issuerName, aud });
  }
}

function readIdentifier(claims: JsonObject, claim: 'sub' | 'jti', issuerName: string): string {
  const value = claims[claim];
  if (typeof value !== 'string' || value === '') {
    throw invalid(claim, 'is not a non-empty string', issuerName);
  }
  if (value.length > MAX_IDENTIFIER_LENGTH) throw invalid(claim, 'is too long', issuerName);
  if (LONE_SURROGATE.test(value)) throw invalid(claim, 'is not well-formed Unicode', issuerName);
  return value;
}

/** A token is valid while `nbf` and `iat` <= now < `exp` and now <= `iat` + maximum age, within the tolerance. */
function checkTimes(claims: JsonObject, issuer: TrustedIssuer, nowSeconds: number) {
  const { name: issuerName, clockToleranceSeconds: tolerance, tokensValidAfter } = issuer;
  const expiresAt = readNumericDate(claims, 'exp', issuerName);
  const issuedAt = readNumericDate(claims, 'iat', issuerName);
  const validFrom = 'nbf' in claims ? readNumericDate(claims, 'nbf', issuerName) : undefined;

  if (tokensValidAfter !== undefined && issuedAt < tokensValidAfter) {
    throw refuse({ reason: 'token_revoked', issuerName, issuedAt, validAfter: tokensValidAfter });
  }
  if (nowSeconds - tolerance >= expiresAt) {
    throw refuse({ reason: 'token_expired', issuerName, expiredAt: expiresAt });
  }
  if (issuedAt > nowSeconds + tolerance) {
    throw refuse({ reason: 'token_not_yet_valid', issuerName, claim: 'iat' });
  }
  if (validFrom !== undefined && validFrom > nowSeconds + tolerance) {
    throw refuse({ reason: 'token_not_yet_valid', issuerName, claim: 'nbf' });
  }
  if (nowSeconds - tolerance > issuedAt + issuer.maxTokenAgeSeconds) {
    throw refuse({ reason: 'token_too_old', issuerName, issuedAt });
  }
  return { issuedAt: Math.floor(issuedAt), expiresAt: Math.floor(expiresAt) };
}

type NumericDateClaim = 'exp' | 'iat' | 'nbf';

function readNumericDate(claims: JsonObject, claim: NumericDateClaim, issuerName: string): number {
  const value = claims[claim];
  if (typeof value !== 'number') throw invalid(claim, 'is not a number', issuerName);
  if (!(value >= 0 && value <= MAX_NUMERIC_DATE)) {
    throw invalid(claim, 'is out of range', issuerName);
  }
  return value;
}

function invalid(claim: string, problem: string, issuerName: string) {
  return refuse({ reason: 'claim_invalid', issuerName, claim, problem });
}
