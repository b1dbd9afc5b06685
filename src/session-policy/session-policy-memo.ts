/** Session policies rendered once: callers come back for the same targets, and rendering is pure. */
import { createHash } from 'node:crypto';
import {
  renderSessionPolicy,
  type SessionPolicy,
  type SessionPolicyInput,
} from './session-policy.ts';

export interface HashedSessionPolicy extends SessionPolicy {
  /** Hex SHA-256 of the text, for the audit line. */
  readonly sha256: string;
}

export type RenderSessionPolicy = (input: SessionPolicyInput) => HashedSessionPolicy;

/** Renders through a memory of at most `maxEntries` policies. Its key is the whole input. */
export function createSessionPolicyMemo(maxEntries: number): RenderSessionPolicy {
  const rendered = new Map<string, HashedSessionPolicy>();
  return function renderThroughMemo(input) {
    const key = JSON.stringify(input);
    const known = rendered.get(key);
    if (known !== undefined) return known;
    const policy = renderSessionPolicy(input);
    const sha256 = createHash('sha256').update(policy.text).digest('hex');
    const hashed = { ...policy, sha256 };
    if (rendered.size >= maxEntries) {
      const [oldest] = rendered.keys();
      if (oldest !== undefined) rendered.delete(oldest);
    }
    rendered.set(key, hashed);
    return hashed;
  };
}
