/** Renders the session policy of a narrowed grant, and refuses one that is too large for STS. */
import type { NarrowedGrant, RenderSessionPolicy, SessionPolicy } from '../ports.ts';
import { refuse } from '../refusal.ts';
import { leastSessionPolicyBytes } from './least-bytes.ts';
import { MAX_SESSION_POLICY_BYTES } from './session-policy.ts';

/** Fewer targets are rendered about as fast as they are measured. */
const MEASURED_TARGETS = 8;

/**
 * Throws the refusal `session_policy_too_large`: before rendering where the targets alone are too
 * long, since a caller's claims decide how many there are.
 */
export function renderGrant(
  render: RenderSessionPolicy,
  { grant, allowances, sourceIps }: NarrowedGrant,
): SessionPolicy {
  const { restrict, publicAcl, name } = grant;
  const restrictedTo = sourceIps === undefined ? {} : { sourceIps };
  const input = { allowances, https: restrict.https, publicAcl, ...restrictedTo };
  if (allowances.length >= MEASURED_TARGETS) requireFitting(name, leastSessionPolicyBytes(input));
  const policy = render(input);
  requireFitting(name, policy.bytes);
  return policy;
}

function requireFitting(grant: string, bytes: number): void {
  if (bytes > MAX_SESSION_POLICY_BYTES) {
    throw refuse({ reason: 'session_policy_too_large', grant, bytes });
  }
}
