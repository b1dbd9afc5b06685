/** Recognises RSA keys that a defective library made and that can be factored (ROCA, CVE-2017-15361). */

/** The primes of the published fingerprint: https://github.com/crocs-muni/roca */
const PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157] as const;
const GENERATOR = 65_537;

/**
 * True if the modulus is a power of 65537 modulo every prime of the list. So is every modulus of that
 * library ("The Return of Coppersmith's Attack", ACM CCS 2017, section 2.1). One sound key in some
 * 240 million has the fingerprint by chance. The modulus is unsigned and big-endian.
 */
export function hasRocaFingerprint(modulus: Buffer): boolean {
  const number = BigInt(`0x${modulus.toString('hex')}`);
  return PRIMES.every((prime) => isPowerOfGenerator(Number(number % BigInt(prime)), prime));
}

function isPowerOfGenerator(residue: number, prime: number): boolean {
  let power = 1;
  do {
    if (power === residue) return true;
    power = (power * GENERATOR) % prime;
  } while (power !== 1);
  return false;
}
