/** Reads one claim by its path, from objects that an attacker may have crafted. */
import type { ClaimPath } from '../config/config.ts';
import type { Claims } from '../ports.ts';

/** The claim's value, or undefined if a step of the path is missing. Ignores inherited members. */
export function readClaim(claims: Claims, path: ClaimPath): unknown {
  let value: unknown = claims;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    value = Object.getOwnPropertyDescriptor(value, step)?.value;
  }
  return value;
}

/** The path as the operator wrote it, for messages. */
export function formatClaimPath(path: ClaimPath): string {
  return path.length === 1 ? `"${path[0]}"` : JSON.stringify(path);
}
