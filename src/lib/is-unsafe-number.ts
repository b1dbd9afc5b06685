/** Recognises numbers that may not be the ones that were written. */

/**
 * True beyond 2^53 - 1 in either direction, infinities included. There a parser rounds, so that the
 * neighbours of a number become equal to it (RFC 8259, section 6).
 */
export function isUnsafeNumber(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER;
}
