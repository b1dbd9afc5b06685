/** Turns the two ways to name a claim into one. */
import type { ClaimPath } from '../config/config.ts';

/** A name of a member of the claims, or the names on the way to a nested one. */
export function toClaimPath(input: string | readonly string[]): ClaimPath {
  const [first = '', ...others] = typeof input === 'string' ? [input] : input;
  return [first, ...others];
}
