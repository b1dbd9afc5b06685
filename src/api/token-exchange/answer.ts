/** Renders a credential as the answer to a token exchange (RFC 8693 section 2.2.1). */
import type { Config } from '../../config/config.ts';
import type { IssuedCredential } from '../../ports.ts';
import { toCredentialMembers } from '../http/credential-members.ts';
import { ISSUED_TOKEN_TYPE } from './token-type.ts';

/**
 * Renders a credential at `nowMs`. `access_token` is required, and is the SecurityToken: the rest of
 * the credential stands beside it. `scope` has every permission on any target; `Grant` has those on each.
 */
export function toTokenBody(
  issued: IssuedCredential,
  options: { readonly buckets: Config['buckets']; readonly nowMs: number },
): string {
  const { assumedRole, allowances } = issued;
  const scope = [...new Set(allowances.flatMap(({ permissions }) => permissions))].join(' ');
  return JSON.stringify({
    access_token: assumedRole.securityToken,
    issued_token_type: ISSUED_TOKEN_TYPE,
    token_type: 'N_A',
    expires_in: Math.max(0, Math.floor((assumedRole.expiresAtMs - options.nowMs) / 1000)),
    ...(scope === '' ? {} : { scope }),
    ...toCredentialMembers(issued, options.buckets),
  });
}
