/** Remembers rendered session policies: callers often ask for the same targets, and rendering is pure. */
import { createHash } from 'node:crypto';
import { createBoundedMap } from '../lib/bounded-map.ts';
import type { RenderSessionPolicy, SessionPolicy } from '../ports.ts';
import { MAX_SESSION_POLICY_BYTES, renderSessionPolicy } from './session-policy.ts';

/** The targets of a policy that fits can be far longer than the policy, for example if one contains the rest. */
const MAX_KEPT_KEY_LENGTH = 8192;

/**
 * Creates a renderer that remembers at most `maxEntries` policies. The key is the whole input. It keeps
 * nothing that STS would not accept, and nothing with a long key, so that no caller can fill it.
 */
export function createSessionPolicyMemo(maxEntries: number): RenderSessionPolicy {
  const rendered = createBoundedMap<SessionPolicy>(maxEntries);
  return function renderThroughMemo(input) {
    const key = JSON.stringify(input);
    const known = rendered.get(key);
    if (known !== undefined) return known;
    const { text, bytes } = renderSessionPolicy(input);
    const policy = { text, bytes, sha256: createHash('sha256').update(text).digest('hex') };
    const isSmall = bytes <= MAX_SESSION_POLICY_BYTES && key.length <= MAX_KEPT_KEY_LENGTH;
    if (isSmall) rendered.set(key, policy);
    return policy;
  };
}
