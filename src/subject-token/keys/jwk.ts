/** Checks one JSON Web Key and imports it for the verification of subject tokens. */
import { type CryptoKey, importJWK } from 'jose';
import type { Algorithm } from '../../config/config.ts';
import { isJsonObject, type JsonObject } from '../../lib/strict-json.ts';
import { isKeyId } from '../header.ts';
import { hasRocaFingerprint } from './roca.ts';

/** One key, imported once for each algorithm that it may be used with. */
export type VerificationKey = ReadonlyMap<Algorithm, CryptoKey>;

export type JwkResult =
  | { readonly ok: true; readonly keyId: string | undefined; readonly key: VerificationKey }
  | { readonly ok: false; readonly problem: string };

type JwkShape =
  | { readonly ok: true; readonly publicJwk: PublicJwk; readonly fits: readonly Algorithm[] }
  | { readonly ok: false; readonly problem: string };

type PublicJwk =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: string; readonly x: string };

const MIN_RSA_BITS = 2048;
/** Longer keys only slow down every verification. */
const MAX_RSA_BITS = 8192;
/** 65537: with an exponent as small as 1 or 3, signatures can be forged. */
const RSA_EXPONENT = 'AQAB';
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const;

const RSA_ALGORITHMS: readonly Algorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const CURVE_ALGORITHMS: ReadonlyMap<unknown, Algorithm> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
]);

/**
 * Imports a public signature key (RFC 7517, RFC 7518 section 6, RFC 8037) for those of the issuer's
 * algorithms that it fits. A symmetric key is never imported: everyone who can read the JWKS could
 * sign with it. Throws nothing. The problem quotes no part of the key.
 */
export async function importVerificationKey(
  jwk: unknown,
  algorithms: readonly Algorithm[],
): Promise<JwkResult> {
  if (!isJsonObject(jwk)) return { ok: false, problem: 'is not an object' };
  const { kid } = jwk;
  if (kid !== undefined && !isKeyId(kid)) return { ok: false, problem: 'has an unusable "kid"' };
  const purposeProblem = findPurposeProblem(jwk);
  if (purposeProblem !== undefined) return { ok: false, problem: purposeProblem };

  const shape = readShape(jwk);
  if (!shape.ok) return shape;
  const fits = shape.fits.filter((one) => algorithms.includes(one) && isMeantFor(jwk['alg'], one));
  if (fits.length === 0) return { ok: false, problem: "fits none of the issuer's algorithms" };

  try {
    const key = new Map<Algorithm, CryptoKey>();
    for (const algorithm of fits) {
      const imported = await importJWK({ ...shape.publicJwk }, algorithm);
      if (!(imported instanceof Uint8Array)) key.set(algorithm, imported);
    }
    return { ok: true, keyId: kid, key };
  } catch {
    // For example, a point that is not on its curve.
    return { ok: false, problem: 'cannot be imported' };
  }
}

/** Says why the issuer does not mean the key for verification (RFC 7517, sections 4.2 and 4.3). */
function findPurposeProblem(jwk: JsonObject): string | undefined {
  if (SECRET_MEMBERS.some((name) => jwk[name] !== undefined)) return 'has secret members';
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return 'is not for signatures ("use")';
  const operations = jwk['key_ops'];
  if (operations === undefined) return undefined;
  if (Array.isArray(operations) && operations.includes('verify')) return undefined;
  return 'is not for verification ("key_ops")';
}

function readShape(jwk: JsonObject): JwkShape {
  switch (jwk['kty']) {
    case 'RSA':
      return readRsa(jwk);
    case 'EC':
      return readEc(jwk);
    case 'OKP':
      return readOkp(jwk);
    default:
      return { ok: false, problem: 'has an unusable "kty"' };
  }
}

function readRsa({ n, e }: JsonObject): JwkShape {
  if (!isBase64Url(n)) return { ok: false, problem: 'has no readable modulus' };
  const bits = countBits(n);
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    return { ok: false, problem: `has a modulus of ${bits} bits` };
  }
  if (e !== RSA_EXPONENT) return { ok: false, problem: 'has an exponent other than 65537' };
  if (hasRocaFingerprint(Buffer.from(n, 'base64url'))) {
    return { ok: false, problem: 'has the ROCA fingerprint: its private key can be computed' };
  }
  return { ok: true, publicJwk: { kty: 'RSA', n, e }, fits: RSA_ALGORITHMS };
}

function readEc({ crv, x, y }: JsonObject): JwkShape {
  const algorithm = CURVE_ALGORITHMS.get(crv);
  if (algorithm === undefined || typeof crv !== 'string') {
    return { ok: false, problem: 'has an unusable "crv"' };
  }
  if (!isBase64Url(x) || !isBase64Url(y)) return { ok: false, problem: 'has no readable point' };
  return { ok: true, publicJwk: { kty: 'EC', crv, x, y }, fits: [algorithm] };
}

function readOkp({ crv, x }: JsonObject): JwkShape {
  if (crv !== 'Ed25519') return { ok: false, problem: 'has an unusable "crv"' };
  if (!isBase64Url(x)) return { ok: false, problem: 'has no readable point' };
  return { ok: true, publicJwk: { kty: 'OKP', crv, x }, fits: ['EdDSA'] };
}

function isBase64Url(value: unknown): value is string {
  return typeof value === 'string' && BASE64URL.test(value);
}

/** The number of bits of an unsigned big-endian number, without leading zeros. */
function countBits(base64Url: string): number {
  const bytes = Buffer.from(base64Url, 'base64url');
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first === -1) return 0;
  return (bytes.length - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24);
}

/** A key with an `alg` fits that algorithm only. `Ed25519` is the newer name of `EdDSA` (RFC 9864). */
function isMeantFor(keyAlgorithm: unknown, algorithm: Algorithm): boolean {
  if (keyAlgorithm === undefined || keyAlgorithm === algorithm) return true;
  return algorithm === 'EdDSA' && keyAlgorithm === 'Ed25519';
}
