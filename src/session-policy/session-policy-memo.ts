/** Session policies rendered once: callers come back for the same targets, and rendering is pure. */
import { createHash } from 'node:crypto';
import { createBoundedMap } from '../lib/bounded-map.ts';
import type { RenderSessionPolicy, SessionPolicy } from '../ports.ts';
import { MAX_SESSION_POLICY_BYTES, renderSessionPolicy } from './session-policy.ts';

/** A policy that fits can come from targets that are far longer, as where one of them holds the rest. */
const MAX_KEPT_KEY_LENGTH = 8192;

/**
 * Renders through a memory of at most `maxEntries` policies. Its key is the whole input. It keeps
 * nothing that STS would not take, and nothing with a long key, so that no caller can fill it.
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
