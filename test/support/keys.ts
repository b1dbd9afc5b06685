/** Makes real signing keys, and hand-made tokens for attacks that no library would sign. */
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto';
import type { Algorithm } from '../../src/config/config.ts';

export interface SigningKey {
  readonly algorithm: Algorithm;
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** With `kid`, `alg` and `use`, as an issuer publishes it. */
  readonly publicJwk: JsonWebKey;
}

const CURVES: ReadonlyMap<Algorithm, string> = new Map([
  ['ES256', 'P-256'],
  ['ES384', 'P-384'],
  ['ES512', 'P-521'],
]);

/** Makes a key pair for the algorithm. ES256 is immediate; RSA takes 0.1 seconds or more. */
export function generateSigningKey(
  algorithm: Algorithm,
  keyId: string,
  options: { readonly rsaBits?: number; readonly rsaExponent?: number } = {},
): SigningKey {
  const { privateKey, publicKey } = generatePair(algorithm, options);
  const publicJwk = {
    ...publicKey.export({ format: 'jwk' }),
    kid: keyId,
    alg: algorithm,
    use: 'sig',
  };
  return { algorithm, keyId, privateKey, publicKey, publicJwk };
}

const PEM = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;

/**
 * Reads the keys back from PEM. Node 20 can deadlock when it exports a newly generated key as JWK:
 * garbage collection may wait for the lock that the export holds.
 */
function generatePair(
  algorithm: Algorithm,
  options: { rsaBits?: number; rsaExponent?: number },
): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const { publicKey, privateKey } = generatePem(algorithm, options);
  return {
    publicKey: createPublicKey(publicKey),
    privateKey: typeof privateKey === 'string' ? createPrivateKey(privateKey) : privateKey,
  };
}

function generatePem(
  algorithm: Algorithm,
  { rsaBits = 2048, rsaExponent = 65537 }: { rsaBits?: number; rsaExponent?: number },
) {
  const namedCurve = CURVES.get(algorithm);
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve, ...PEM });
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519', PEM);
  const rsa = { modulusLength: rsaBits, publicExponent: rsaExponent };
  return generateKeyPairSync('rsa', { ...rsa, ...PEM });
}

/** A header or payload: an object, or its exact JSON text. */
export type JsonInput = object | string;

/** A compact JWS with a real signature by the key, whatever its header says. Adds no `alg`, `kid` or `typ`. */
export function signCompact(header: JsonInput, payload: JsonInput, key: SigningKey): string {
  const input = signingInput(header, payload);
  return `${input}.${signBytes(Buffer.from(input), key).toString('base64url')}`;
}

/** A compact JWS whose signature is an HMAC-SHA-256 with the secret. */
export function signHs256(header: JsonInput, payload: JsonInput, secret: Buffer | string): string {
  const input = signingInput(header, payload);
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** Header and payload with the given signature, which may be empty. */
export function unsignedCompact(header: JsonInput, payload: JsonInput, signature = ''): string {
  return `${signingInput(header, payload)}.${signature}`;
}

/** Forms of the published key that attackers try as HMAC secrets. */
export function publishedSecrets(key: SigningKey): readonly (readonly [string, Buffer | string])[] {
  const pem = key.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const { n, x } = key.publicJwk;
  return [
    ['the PEM of the public key', pem],
    ['the PEM without its last newline', pem.trimEnd()],
    ['the PEM after white space', `\n${pem}`],
    ['the DER of the public key', key.publicKey.export({ format: 'der', type: 'spki' })],
    ['the text of the JWK', JSON.stringify(key.publicJwk)],
    ['the bytes of the modulus or point', Buffer.from(n ?? x ?? '', 'base64url')],
    ['the text of the modulus or point', n ?? x ?? ''],
    ['an empty secret', ''],
  ];
}

export function base64Url(text: string | Buffer): string {
  return Buffer.from(text).toString('base64url');
}

function signingInput(header: JsonInput, payload: JsonInput): string {
  return `${base64Url(toText(header))}.${base64Url(toText(payload))}`;
}

function toText(input: JsonInput): string {
  return typeof input === 'string' ? input : JSON.stringify(input);
}

function signBytes(bytes: Buffer, { algorithm, privateKey }: SigningKey): Buffer {
  if (algorithm === 'EdDSA') return sign(null, bytes, privateKey);
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('ES')) {
    return sign(hash, bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  }
  if (algorithm.startsWith('PS')) {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
    return sign(hash, bytes, { key: privateKey, padding, saltLength });
  }
  return sign(hash, bytes, privateKey);
}
