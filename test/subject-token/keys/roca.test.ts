import { describe, expect, it } from 'vitest';
import { hasRocaFingerprint } from '../../../src/subject-token/keys/roca.ts';
import { generateSigningKey } from '../../support/keys.ts';
import { generateRocaKey } from '../../support/roca-key.ts';
import { fc } from '../../support/seeded.ts';

/** The primes below 168 whose residues 65537 does not generate all. */
const PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

const toBuffer = (number: bigint) => {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
};

const modulusOf = (n: string | undefined) => Buffer.from(n ?? '', 'base64url');

/** A residue that is no power of 65537. */
function outsider(prime: number): number {
  const powers = new Set([1]);
  for (let power = 65_537 % prime; power !== 1; power = (power * 65_537) % prime) powers.add(power);
  return Array.from({ length: prime }, (_, n) => n).find((n) => n > 0 && !powers.has(n)) ?? 0;
}

describe('the ROCA fingerprint', () => {
  it('is on keys that are made as the defective chips made them', () => {
    for (let key = 0; key < 3; key++) {
      const { publicJwk } = generateRocaKey('weak');
      expect(modulusOf(publicJwk.n)).toHaveLength(256);
      expect(hasRocaFingerprint(modulusOf(publicJwk.n))).toBe(true);
    }
  });

  it('is not on other RSA keys', () => {
    for (let key = 0; key < 5; key++) {
      const { publicJwk } = generateSigningKey('RS256', 'sound');
      expect(hasRocaFingerprint(modulusOf(publicJwk.n))).toBe(false);
    }
  });

  it('is on every power of 65537, and gone once one prime of the list does not fit', () => {
    const product = PRIMES.reduce((all, prime) => all * BigInt(prime), 1n);
    fc.assert(
      fc.property(fc.nat(500), fc.constantFrom(...PRIMES), (exponent, prime) => {
        const power = 65_537n ** BigInt(exponent);
        expect(hasRocaFingerprint(toBuffer(power))).toBe(true);
        // changes the residue of that prime alone
        const others = product / BigInt(prime);
        let changed = power;
        while (changed % BigInt(prime) !== BigInt(outsider(prime))) changed += others;
        expect(hasRocaFingerprint(toBuffer(changed))).toBe(false);
      }),
    );
  });
});
