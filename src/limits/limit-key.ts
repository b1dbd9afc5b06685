/** Keys of counters and reservations: nobody can choose one, and no two inputs share one. */
import { createHash } from 'node:crypto';
import { lengthPrefixed } from '../lib/length-prefixed.ts';

/**
 * The SHA-256 of the parts in base64url. Each part stands behind its length, so that no issuer and
 * subject can be cut into another pair; UTF-16, since UTF-8 maps every lone surrogate to one text.
 */
export function limitKey(parts: readonly string[]): string {
  return createHash('sha256').update(lengthPrefixed(parts), 'utf16le').digest('base64url');
}
