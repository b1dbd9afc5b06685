/** Tells whether a grant still gives what it gave when a credential URL was made. */
import { createHash } from 'node:crypto';
import type { Grant } from '../../config/config.ts';
import type { GrantedTarget } from '../../ports.ts';

/**
 * The digest of everything that a credential of the grant may do. The caller's address is not in it, but
 * whether the grant binds to it is.
 */
export function digestScope(grant: Grant, allowances: readonly GrantedTarget[]): string {
  const { name, role, externalId, restrict, publicAcl } = grant;
  const scope = [name, role, externalId ?? null, restrict, publicAcl, allowances];
  return createHash('sha256').update(JSON.stringify(scope)).digest('base64url');
}
