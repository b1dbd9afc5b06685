/** Joins texts so that different lists never give the same result, for cache keys and hashes. */

/** Writes each text after its length in UTF-16 code units. */
export function lengthPrefixed(texts: readonly string[]): string {
  return texts.map((text) => `${text.length}:${text}`).join('');
}
