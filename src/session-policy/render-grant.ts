/** Renders the session policy of a narrowed grant, and refuses one that is too large for STS. */
import type { NarrowedGrant, RenderSessionPolicy, SessionPolicy } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { MAX_SESSION_POLICY_BYTES } from './session-policy.ts';

/** Throws the refusal `session_policy_too_large`. */
export function renderGrant(
  render: RenderSessionPolicy,
  { grant, allowances, sourceIps }: NarrowedGrant,
): SessionPolicy {
  const { restrict, publicAcl, name } = grant;
  const restrictedTo = sourceIps === undefined ? {} : { sourceIps };
  const policy = render({ allowances, https: restrict.https, publicAcl, ...restrictedTo });
  const { bytes } = policy;
  if (bytes > MAX_SESSION_POLICY_BYTES) {
    throw refuse({ reason: 'session_policy_too_large', grant: name, bytes });
  }
  return policy;
}
