/** Remembers rendered session policies: callers often ask for the same targets, and rendering is pure. */
import { createHash } from 'node:crypto';
import { createBoundedMap } from '../lib/bounded-map.ts';
import type { RenderSessionPolicy, SessionPolicy } from '../ports.ts';
import { renderSessionPolicy } from './session-policy.ts';

/** Creates a renderer that remembers at most `maxEntries` policies. The key is the whole input. */
export function createSessionPolicyMemo(maxEntries: number): RenderSessionPolicy {
  const rendered = createBoundedMap<SessionPolicy>(maxEntries);
  return function renderThroughMemo(input) {
    const key = JSON.stringify(input);
    const known = rendered.get(key);
    if (known !== undefined) return known;
    const { text, bytes } = renderSessionPolicy(input);
    const policy = { text, bytes, sha256: createHash('sha256').update(text).digest('hex') };
    rendered.set(key, policy);
    return policy;
  };
}
