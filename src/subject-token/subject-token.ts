/** A subject token that has passed every check: the only form in which the pipeline knows one. */
import type { TrustedIssuer } from '../config/config.ts';

/** Claims without a prototype, so that a claim named `__proto__` is only a claim. */
export type Claims = Readonly<Record<string, unknown>>;

export interface SubjectToken {
  readonly issuer: TrustedIssuer;
  readonly claims: Claims;
  /** `sub`: a non-empty string. */
  readonly subject: string;
  /** `jti`, where the issuer sets one. */
  readonly tokenId?: string;
  /** `kid` of the key that verified it, from the issuer's keys and not from the token. */
  readonly keyId?: string;
  /** `iat` and `exp`: whole seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Verifies a compact JWS. Throws a refusal; never anything that holds the token. */
export type VerifySubjectToken = (compactJws: string) => Promise<SubjectToken>;
