/** Texts put together so that no two different lists give the same result: keys of caches and hashes. */

/** Each text behind its own length in UTF-16 code units. */
export function lengthPrefixed(texts: readonly string[]): string {
  return texts.map((text) => `${text.length}:${text}`).join('');
}
