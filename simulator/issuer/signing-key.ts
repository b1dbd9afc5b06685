/** Makes the key that a simulated issuer signs with. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { JWK } from 'jose';
import type { Algorithm } from '../../src/config/config.ts';

const publicKeyEncoding = { type: 'spki', format: 'pem' } as const;
const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const;

const CURVES = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;

/** A private key as JWK. */
export function createSigningKey(algorithm: Algorithm, keyId: string): JWK & { kty: string } {
  // read back, because Node 20 can hang permanently when it exports a key that it has just generated
  const { kty = '', ...key } = createPrivateKey(generate(algorithm)).export({ format: 'jwk' });
  return { ...key, kty, use: 'sig', alg: algorithm, kid: keyId };
}

function generate(algorithm: Algorithm): string {
  switch (algorithm) {
    case 'ES256':
    case 'ES384':
    case 'ES512': {
      const namedCurve = CURVES[algorithm];
      return generateKeyPairSync('ec', { namedCurve, publicKeyEncoding, privateKeyEncoding })
        .privateKey;
    }
    case 'EdDSA':
      return generateKeyPairSync('ed25519', { publicKeyEncoding, privateKeyEncoding }).privateKey;
    default: {
      const modulusLength = 2048;
      return generateKeyPairSync('rsa', { modulusLength, publicKeyEncoding, privateKeyEncoding })
        .privateKey;
    }
  }
}
