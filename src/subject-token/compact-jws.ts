/** Parses a compact JWS strictly: text that two parsers could read differently is refused. */

import { type JsonObject, parseJsonObject } from '../lib/strict-json.ts';
import { refuse } from '../refusal.ts';
import { findClaimedIssuer } from './claimed-issuer.ts';

export interface CompactJws {
  readonly header: JsonObject;
  /** Unverified, and good for nothing but finding the trusted issuer. */
  readonly claimedIssuer: unknown;
  /**
   * Parses the claims. Call it after the signature is verified: for a forged token of 8 KiB it would
   * cost as much as the signature. Throws `token_malformed`.
   */
  readonly readClaims: () => JsonObject;
  /** The three segments as they were signed and sent. */
  readonly segments: {
    readonly protected: string;
    readonly payload: string;
    readonly signature: string;
  };
}

/** Longer subject tokens are refused unparsed. */
const MAX_TOKEN_BYTES = 8 * 1024;

/** Of the first segment, in characters. It is parsed before the signature is verified. */
const MAX_HEADER_LENGTH = 1024;

/**
 * Parses the compact serialisation (RFC 7515, section 7.1) without verifying anything.
 * Throws `token_too_large` or `token_malformed`.
 */
export function parseCompactJws(text: string): CompactJws {
  if (text.length > MAX_TOKEN_BYTES) {
    throw refuse({ reason: 'token_too_large', limitBytes: MAX_TOKEN_BYTES });
  }

  const [protectedHeader, payload, signature, surplus] = text.split('.', 4);
  if (!protectedHeader || !payload || !signature || surplus !== undefined) {
    throw malformed('is not three segments separated by dots');
  }

  if (protectedHeader.length > MAX_HEADER_LENGTH) {
    throw malformed(`header is longer than ${MAX_HEADER_LENGTH} characters`);
  }

  decodeSegment('signature', signature);
  const header = parseSegment('header', decodeSegment('header', protectedHeader));
  const claims = decodeSegment('payload', payload);
  const issuer = findClaimedIssuer(claims.toString('utf8'));
  return {
    header,
    claimedIssuer: issuer ?? describeMissingIssuer(claims),
    readClaims: () => readClaims(claims, issuer),
    segments: { protected: protectedHeader, payload, signature },
  };
}

/** No signature is verified for such a token, so its claims may be parsed to say what is wrong. */
function describeMissingIssuer(bytes: Buffer): unknown {
  const { iss } = parseSegment('payload', bytes);
  if (typeof iss === 'string') throw malformed('payload writes iss with an escape');
  return iss;
}

function readClaims(bytes: Buffer, issuer: string | undefined): JsonObject {
  const claims = parseSegment('payload', bytes);
  if (claims['iss'] !== issuer) throw malformed('payload has another iss than the one found first');
  return claims;
}

function parseSegment(name: string, bytes: Buffer): JsonObject {
  const parsed = parseJsonObject(bytes);
  if (!parsed.ok) throw malformed(`${name} ${parsed.problem}`);
  return parsed.value;
}

/**
 * Accepts only the canonical encoding (RFC 4648, section 3.5). The last character of a signature has
 * unused bits: without this check, up to 16 texts would be the same token to a verifier.
 */
function decodeSegment(name: string, segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.toString('base64url') !== segment) {
    throw malformed(`${name} is not canonical base64url`);
  }
  return bytes;
}

function malformed(problem: string) {
  return refuse({ reason: 'token_malformed', problem });
}
