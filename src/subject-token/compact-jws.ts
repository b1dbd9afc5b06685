/** Parses a compact JWS strictly: text that two parsers could read differently is refused. */

import { type JsonObject, parseJsonObject } from '../lib/strict-json.ts';
import { refuse } from '../refusal.ts';

export interface CompactJws {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** The three segments as they were signed and sent. */
  readonly segments: {
    readonly protected: string;
    readonly payload: string;
    readonly signature: string;
  };
}

/** Longer subject tokens are refused unparsed. */
const MAX_TOKEN_BYTES = 8 * 1024;

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

  decodeSegment('signature', signature);
  return {
    header: parseSegment('header', protectedHeader),
    claims: parseSegment('payload', payload),
    segments: { protected: protectedHeader, payload, signature },
  };
}

function parseSegment(name: string, segment: string): JsonObject {
  const parsed = parseJsonObject(decodeSegment(name, segment));
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
