/** Reads the usable keys of one issuer from a JWK Set, and finds the key for a subject token. */
import type { CryptoKey } from 'jose';
import type { Algorithm } from '../../config/config.ts';
import type { JsonObject } from '../../lib/strict-json.ts';
import type { WantedKey } from '../header.ts';
import { IssuerProblem } from './issuer-problem.ts';
import { importVerificationKey, type VerificationKey } from './jwk.ts';

export interface KeySet {
  /** Every usable key, including those without `kid`. */
  readonly keys: readonly VerificationKey[];
  readonly byKeyId: ReadonlyMap<string, VerificationKey>;
  /** The keys that were left out. Every other key of the JWK Set is in `keys`, in the same order. */
  readonly dropped: readonly DroppedKey[];
}

export interface DroppedKey {
  /** Its place in the JWK Set, from 0. */
  readonly index: number;
  /** Why, for the operator. */
  readonly problem: string;
}

export interface FoundKey {
  readonly key: CryptoKey;
  /** From the issuer's JWKS, because a token may have no `kid`. */
  readonly keyId: string | undefined;
  /** How long ago the issuer's keys were loaded. Absent: they are from the config. */
  readonly keyAgeSeconds?: number;
}

export const EMPTY_KEY_SET: KeySet = { keys: [], byKeyId: new Map(), dropped: [] };

/** Bounds the work that one JWKS can cause. */
const MAX_KEYS = 50;

/**
 * Imports the usable keys of a JWK Set (RFC 7517, section 5). Keys that share a `kid` are all left
 * out, because a token could mean any of them. Throws IssuerProblem.
 */
export async function readKeySet(
  jwks: JsonObject,
  algorithms: readonly Algorithm[],
): Promise<KeySet> {
  const jwkList = jwks['keys'];
  if (!Array.isArray(jwkList)) throw new IssuerProblem('the JWKS has no array "keys"');
  if (jwkList.length > MAX_KEYS) throw new IssuerProblem(`the JWKS has more than ${MAX_KEYS} keys`);

  const results = await Promise.all(jwkList.map((jwk) => importVerificationKey(jwk, algorithms)));
  const uses = new Map<string, number>();
  for (const result of results) {
    if (result.ok && result.keyId !== undefined) {
      uses.set(result.keyId, (uses.get(result.keyId) ?? 0) + 1);
    }
  }

  const keys: VerificationKey[] = [];
  const byKeyId = new Map<string, VerificationKey>();
  const dropped: DroppedKey[] = [];
  for (const [index, result] of results.entries()) {
    if (!result.ok) {
      dropped.push({ index, problem: result.problem });
    } else if (result.keyId === undefined) {
      keys.push(result.key);
    } else if (uses.get(result.keyId) === 1) {
      keys.push(result.key);
      byKeyId.set(result.keyId, result.key);
    } else {
      dropped.push({ index, problem: 'shares its "kid" with another key' });
    }
  }
  return { keys, byKeyId, dropped };
}

/** Names each key that was left out, and says why. */
export function describeDropped({ dropped }: KeySet): readonly string[] {
  return dropped.map(({ index, problem }) => `key ${index} ${problem}`);
}

/**
 * The key with the wanted `kid`, or, for a token without one, the only key that fits the algorithm.
 * Trying several keys would let a token choose among them.
 */
export function findKey(keySet: KeySet, { algorithm, keyId }: WantedKey): FoundKey | undefined {
  if (keyId !== undefined) {
    const key = keySet.byKeyId.get(keyId)?.get(algorithm);
    return key === undefined ? undefined : { key, keyId };
  }
  const [only, another] = keySet.keys.filter((candidate) => candidate.has(algorithm));
  const key = another === undefined ? only?.get(algorithm) : undefined;
  if (key === undefined) return undefined;
  const [nameOfOnly] = [...keySet.byKeyId].find(([, candidate]) => candidate === only) ?? [];
  return { key, keyId: nameOfOnly };
}
