/** Encodes a path as OSS signs and takes it. */

/** Everything is encoded but letters, digits, `-._~` (RFC 3986) and `/`. */
export function encodeOssPath(path: string): string {
  return encodeURIComponent(path)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/');
}
