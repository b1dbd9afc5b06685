import { describe, expect, it } from 'vitest';
import { containsTarget } from '../../src/grants/target.ts';
import type { SessionPolicyInput } from '../../src/ports.ts';
import { dropContained } from '../../src/session-policy/drop-contained.ts';
import { leastSessionPolicyBytes } from '../../src/session-policy/least-bytes.ts';
import {
  MAX_SESSION_POLICY_BYTES,
  renderSessionPolicy,
} from '../../src/session-policy/session-policy.ts';
import { fc } from '../support/seeded.ts';
import { policyInput } from './arbitraries.ts';

function reading(keys: readonly string[]): SessionPolicyInput {
  const allowances = keys.map((key) => ({
    target: { bucket: 'app-media', key },
    permissions: ['read' as const],
    actions: [],
  }));
  return { allowances, https: true, publicAcl: 'deny' };
}

describe('the least length of a session policy', () => {
  it('is never more than what rendering gives, so that nothing that fits is refused', () => {
    fc.assert(
      fc.property(policyInput, (input) => {
        expect(leastSessionPolicyBytes(input)).toBeLessThanOrEqual(
          renderSessionPolicy(input).bytes,
        );
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['side by side', Array.from({ length: 992 }, (_, n) => `teams/${n}/`)],
    ['of different depths', Array.from({ length: 500 }, (_, n) => `${'t/'.repeat(n % 9)}x${n}/`)],
  ])('is enough to refuse many targets: %s', (_what, keys) => {
    expect(leastSessionPolicyBytes(reading(keys))).toBeGreaterThan(MAX_SESSION_POLICY_BYTES);
  });

  it('does not count what lies within another target', () => {
    const inner = Array.from({ length: 900 }, (_, n) => `teams/${n}/`);
    const input = reading([...inner, 'teams/']);

    expect(leastSessionPolicyBytes(input)).toBeLessThan(100);
    expect(renderSessionPolicy(input).text).toBe(renderSessionPolicy(reading(['teams/'])).text);
  });
});

describe('the length that is counted', () => {
  const bytesOf = (...texts: readonly string[]) =>
    texts.reduce((sum, text) => sum + Buffer.byteLength(JSON.stringify(text)), 0);

  it('is that of resources and prefixes as JSON, each once', () => {
    const [first] = reading(['ä/']).allowances;
    const input = reading(['ä/', 'b.txt']);
    const listed = first === undefined ? [] : [{ ...first, permissions: ['list' as const] }];

    expect(
      leastSessionPolicyBytes({ ...input, allowances: [...input.allowances, ...listed] }),
    ).toBe(bytesOf('acs:oss:*:*:app-media/ä/*', 'acs:oss:*:*:app-media/b.txt', 'ä/', 'ä/*'));
  });

  it('leaves out deeper targets once those of the least depth are too long', () => {
    const shallow = Array.from({ length: 90 }, (_, n) => `team-${n}/`);
    const input = reading(['deep/er/', 'deep/object', ...shallow]);

    expect(leastSessionPolicyBytes(input)).toBe(
      bytesOf(...shallow.map((key) => `acs:oss:*:*:app-media/${key}*`)),
    );
  });

  it('leaves out listings once the resources are too long', () => {
    const keys = ['a/', ...Array.from({ length: 90 }, (_, n) => `deep/team-${n}/`)];
    const { allowances, ...rest } = reading(keys);
    const input = {
      ...rest,
      allowances: allowances.map((one) => ({ ...one, permissions: ['read', 'list'] as const })),
    };

    expect(leastSessionPolicyBytes(input)).toBe(
      bytesOf(...keys.map((key) => `acs:oss:*:*:app-media/${key}*`)),
    );
  });
});

describe('allowances without those within another one', () => {
  const segment = fc.constantFrom('a', 'a-', 'a.', 'b', 'ä');
  const allowance = fc.record({
    target: fc.record({
      bucket: fc.constantFrom('app', 'app-media'),
      key: fc
        .tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom('', '/'))
        .map(([segments, end]) => (segments.length === 0 ? '' : segments.join('/') + end)),
    }),
    actions: fc.uniqueArray(fc.constantFrom('read', 'write', 'delete'), { maxLength: 3 }),
  });

  it('are those that comparing each with each leaves', () => {
    fc.assert(
      fc.property(fc.array(allowance, { maxLength: 12 }), (allowances) => {
        const kept = dropContained(allowances);
        const covers = (outer: (typeof kept)[number], inner: (typeof kept)[number]) =>
          containsTarget(outer.target, inner.target) &&
          inner.actions.every((action) => outer.actions.includes(action));

        // each is covered by a kept one, and no kept one by another
        expect(allowances.every((inner) => kept.some((outer) => covers(outer, inner)))).toBe(true);
        for (const inner of kept) {
          expect(kept.filter((outer) => covers(outer, inner))).toEqual([inner]);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
