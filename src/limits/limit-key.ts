/** Makes the keys of counters and reservations. Different inputs never share one. */
import { createHash } from 'node:crypto';
import { lengthPrefixed } from '../lib/length-prefixed.ts';

/**
 * Returns the SHA-256 of the parts in base64url. Length prefixes keep an issuer and a subject apart
 * from any other pair. It hashes UTF-16, since UTF-8 maps all lone surrogates to one text.
 */
export function limitKey(parts: readonly string[]): string {
  return createHash('sha256').update(lengthPrefixed(parts), 'utf16le').digest('base64url');
}
