/** Checks the header of a subject token against the settings of its trusted issuer. */
import type { Algorithm, TrustedIssuer } from '../config/config.ts';
import { boundedText } from '../lib/bounded-text.ts';
import type { JsonObject } from '../lib/strict-json.ts';
import { refuse, type UnverifiedHeader } from '../refusal.ts';

/** The key that a header selects: one key of the issuer, for one algorithm. */
export interface WantedKey {
  readonly algorithm: Algorithm;
  /** `kid`: only compared with the `kid` of a key. */
  readonly keyId: string | undefined;
}

/**
 * Members that change how the token is read or where its key comes from. `jwk`, `jku`, `x5u` and
 * `x5c` let a token bring its own key. `crit` and `b64` change what is signed (RFC 7515, section
 * 4.1.11; RFC 7797). `enc` and `zip` belong to encrypted tokens.
 */
const FORBIDDEN = ['crit', 'b64', 'jwk', 'jku', 'x5u', 'x5c', 'enc', 'zip'] as const;

const MAX_KEY_ID_LENGTH = 256;

/** An audit line contains at most this many characters of one member of an unverified header. */
const MAX_LOGGED_LENGTH = 100;

/** True for a string that is usable as a `kid`. */
export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_KEY_ID_LENGTH;
}

/**
 * Throws `header_not_allowed`, `algorithm_not_allowed` or `token_type_not_allowed`. The algorithm
 * comes from the issuer's list: a token can only select one of them.
 */
export function checkHeader(header: JsonObject, issuer: TrustedIssuer): WantedKey {
  for (const name of FORBIDDEN) {
    if (name in header) throw refuse({ reason: 'header_not_allowed', header: name });
  }

  const keyId = header['kid'];
  if (keyId !== undefined && !isKeyId(keyId)) {
    const unverified = describeHeader(header, ['kid']);
    throw refuse({ reason: 'header_not_allowed', header: 'kid', unverified });
  }

  const algorithm = issuer.algorithms.find((allowed) => allowed === header['alg']);
  if (algorithm === undefined) {
    const unverified = describeHeader(header, ['alg']);
    throw refuse({ reason: 'algorithm_not_allowed', issuerName: issuer.name, unverified });
  }

  const type = normalizeType(header['typ']);
  if (type === undefined || !issuer.types.includes(type)) {
    const unverified = describeHeader(header, ['typ']);
    throw refuse({ reason: 'token_type_not_allowed', issuerName: issuer.name, unverified });
  }
  return { algorithm, keyId };
}

/** The named members that the header has, for the audit line. */
export function describeHeader(
  header: JsonObject,
  names: readonly (keyof UnverifiedHeader)[],
): UnverifiedHeader {
  const shown: Partial<Record<keyof UnverifiedHeader, string>> = {};
  for (const name of names) {
    if (name in header) shown[name] = boundedText(header[name], MAX_LOGGED_LENGTH, 'tokens');
  }
  return shown;
}

/** `typ` is a media type: case does not matter and `application/` is optional (RFC 7515, section 4.1.9). */
function normalizeType(type: unknown): string | undefined {
  if (type === undefined) return 'jwt';
  if (typeof type !== 'string') return undefined;
  return type.toLowerCase().replace(/^application\//, '');
}
