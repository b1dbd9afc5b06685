/** Makes an RSA key as the defective chips of CVE-2017-15361 made them. */
import { checkPrimeSync, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import type { SigningKey } from './keys.ts';

/** The chips took the product of the first 126 primes for moduli of 1984 to 3936 bits. */
const PRIMES_IN_PRODUCT = 126;
const GENERATOR = 65_537n;
const PRIME_BITS = 1024n;

/** A 2048-bit RS256 key whose primes are k * M + (65537^a mod M), with M the product of the first primes. */
export function generateRocaKey(keyId: string): SigningKey {
  const product = firstPrimes(PRIMES_IN_PRODUCT).reduce((all, prime) => all * prime, 1n);
  const p = findPrime(product);
  const q = findPrime(product);
  const phi = (p - 1n) * (q - 1n);
  const d = invert(GENERATOR, phi);
  const privateKey = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'RSA',
      n: encode(p * q),
      e: encode(GENERATOR),
      d: encode(d),
      p: encode(p),
      q: encode(q),
      dp: encode(d % (p - 1n)),
      dq: encode(d % (q - 1n)),
      qi: encode(invert(q, p)),
    },
  });
  const publicKey = createPublicKey(privateKey);
  const publicJwk = {
    ...publicKey.export({ format: 'jwk' }),
    kid: keyId,
    alg: 'RS256',
    use: 'sig',
  };
  return { algorithm: 'RS256', keyId, privateKey, publicKey, publicJwk };
}

/** A prime whose two highest bits are set, so that the product of two has 2048 bits. */
function findPrime(product: bigint): bigint {
  const low = (3n << (PRIME_BITS - 2n)) / product + 1n;
  const span = (1n << PRIME_BITS) / product - low;
  for (;;) {
    const k = low + (randomBigInt() % span);
    const candidate = k * product + power(GENERATOR, randomBigInt(), product);
    if (checkPrimeSync(candidate)) return candidate;
  }
}

function randomBigInt(): bigint {
  return BigInt(`0x${randomBytes(32).toString('hex')}`);
}

function firstPrimes(count: number): readonly bigint[] {
  const primes: bigint[] = [];
  for (let candidate = 2n; primes.length < count; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0n)) primes.push(candidate);
  }
  return primes;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** The inverse of a number by the extended algorithm of Euclid. Throws if there is none. */
function invert(number: bigint, modulus: bigint): bigint {
  let [rest, nextRest] = [modulus, number % modulus];
  let [factor, nextFactor] = [0n, 1n];
  while (nextRest > 0n) {
    const times = rest / nextRest;
    [rest, nextRest] = [nextRest, rest - times * nextRest];
    [factor, nextFactor] = [nextFactor, factor - times * nextFactor];
  }
  if (rest !== 1n) throw new Error('The number has no inverse.');
  return ((factor % modulus) + modulus) % modulus;
}

function encode(number: bigint): string {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}
