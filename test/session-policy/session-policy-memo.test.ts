import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SessionPolicyInput } from '../../src/ports.ts';
import {
  MAX_SESSION_POLICY_BYTES,
  renderSessionPolicy,
} from '../../src/session-policy/session-policy.ts';
import { createSessionPolicyMemo } from '../../src/session-policy/session-policy-memo.ts';

function reading(key: string, rest: Partial<SessionPolicyInput> = {}): SessionPolicyInput {
  const target = { bucket: 'app-media', key };
  const allowances = [{ target, permissions: ['read' as const], actions: [] }];
  return { allowances, https: true, publicAcl: 'deny', ...rest };
}

describe('the memo of session policies', () => {
  it('returns the rendered policy and the hash of its text', () => {
    const input = reading('a/');
    const { text, bytes } = renderSessionPolicy(input);
    const sha256 = createHash('sha256').update(text).digest('hex');
    const render = createSessionPolicyMemo(2);

    expect(render(input)).toEqual({ text, bytes, sha256 });
    expect(render(input)).toEqual({ text, bytes, sha256 });
  });

  it('renders equal inputs once', () => {
    const render = createSessionPolicyMemo(2);
    const [first, second] = [render(reading('a/')), render(reading('b/'))];

    // the same object, not just an equal one
    expect(render(reading('a/'))).toBe(first);
    expect(render(reading('b/'))).toBe(second);
  });

  it.each([
    ['the target', reading('b/')],
    ['a target with the same beginning', reading('a/b/')],
    ['plain HTTP', reading('a/', { https: false })],
    ['the source address', reading('a/', { sourceIps: ['203.0.113.7'] })],
  ])('never confuses inputs that differ in %s', (_what, other) => {
    const render = createSessionPolicyMemo(2);
    render(reading('a/'));

    expect(render(other).text).toBe(renderSessionPolicy(other).text);
    expect(render(other).text).not.toBe(render(reading('a/')).text);
  });

  it('forgets only the oldest policy when it is full', () => {
    const render = createSessionPolicyMemo(2);
    const [oldest, kept] = [render(reading('a/')), render(reading('b/'))];
    const newest = render(reading('c/'));

    expect(render(reading('b/'))).toBe(kept);
    expect(render(reading('c/'))).toBe(newest);
    const again = render(reading('a/'));
    expect(again).toEqual(oldest);
    expect(again).not.toBe(oldest);
  });

  it.each([
    ['STS does not accept the policy', Array.from({ length: 90 }, (_, n) => `team-${n}/`)],
    ['the targets are far longer than the policy', ['', ...Array.from({ length: 900 }, String)]],
  ])('keeps nothing if %s', (_what, keys) => {
    const render = createSessionPolicyMemo(1);
    const kept = render(reading('a/'));
    const { allowances } = reading('a/');
    const large = reading('a/', {
      allowances: keys.flatMap((key) =>
        allowances.map((one) => ({ ...one, target: { ...one.target, key } })),
      ),
    });

    expect(render(large)).not.toBe(render(large));
    expect(render(reading('a/'))).toBe(kept);
  });

  it('keeps a policy of exactly the length that STS accepts, and none that is longer', () => {
    const spare = MAX_SESSION_POLICY_BYTES - renderSessionPolicy(reading('x/')).bytes;
    const render = createSessionPolicyMemo(2);
    const [fitting, longer] = [`${'x'.repeat(spare + 1)}/`, `${'x'.repeat(spare + 2)}/`].map(
      (key) => reading(key),
    );
    if (fitting === undefined || longer === undefined) throw new Error('two inputs were made');

    expect(render(fitting).bytes).toBe(MAX_SESSION_POLICY_BYTES);
    expect(render(fitting)).toBe(render(fitting));
    expect(render(longer)).not.toBe(render(longer));
  });

  it('keeps a policy whose input has 8,192 characters, and none whose input has more', () => {
    // the whole bucket contains the other target, so the policy stays short
    const withInner = (length: number) => {
      const [outer, inner] = [reading(''), reading('x'.repeat(length))];
      return { ...outer, allowances: [...outer.allowances, ...inner.allowances] };
    };
    const spare = 8192 - JSON.stringify(withInner(0)).length;
    const render = createSessionPolicyMemo(2);

    expect(render(withInner(spare))).toBe(render(withInner(spare)));
    expect(render(withInner(spare + 1))).not.toBe(render(withInner(spare + 1)));
  });

  it('does not remember a failure', () => {
    const render = createSessionPolicyMemo(2);

    for (const _attempt of [1, 2]) expect(() => render(reading('*/'))).toThrow(/^session policy: /);
    expect(render(reading('a/')).text).toBe(renderSessionPolicy(reading('a/')).text);
  });
});
