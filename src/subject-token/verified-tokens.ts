/** Remembers verified subject tokens, so that the signature of one that comes again is not checked again. */
import { createHash } from 'node:crypto';
import type { CryptoKey } from 'jose';
import { createBoundedMap } from '../lib/bounded-map.ts';
import type { Claims } from '../ports.ts';
import type { WantedKey } from './header.ts';
import type { KnownIssuer } from './keys/kept-issuer-keys.ts';

export interface VerifiedToken {
  readonly known: KnownIssuer;
  readonly wanted: WantedKey;
  /** The key that verified it. It must still be the issuer's, as the same object. */
  readonly key: CryptoKey;
  readonly claims: Claims;
}

/** What is known of one token. */
export interface TokenMemory {
  readonly verified: VerifiedToken | undefined;
  remember(verified: VerifiedToken): void;
}

/** Their claims take about four times their text, so all of them stay below 64 MiB. */
const MAX_TOKENS = 4000;
const MAX_TOKEN_LENGTH = 4096;

/**
 * Makes an empty memory. It keeps the parsed claims under the SHA-256 of the token, and not the token,
 * which could be exchanged for credentials. Whoever uses an entry must check key and claims again.
 */
export function createVerifiedTokens(): (compactJws: string) => TokenMemory {
  const tokens = createBoundedMap<VerifiedToken>(MAX_TOKENS);

  return function recall(compactJws) {
    if (compactJws.length > MAX_TOKEN_LENGTH) return { verified: undefined, remember: () => {} };
    const key = createHash('sha256').update(compactJws).digest('base64');
    return {
      verified: tokens.get(key),
      remember: (verified) => tokens.set(key, verified),
    };
  };
}
