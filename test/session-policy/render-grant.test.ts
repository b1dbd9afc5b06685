import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../src/grants/target.ts';
import type { NarrowedGrant, SessionPolicyInput } from '../../src/ports.ts';
import { renderGrant } from '../../src/session-policy/render-grant.ts';
import {
  MAX_SESSION_POLICY_BYTES,
  renderSessionPolicy,
} from '../../src/session-policy/session-policy.ts';
import { makeGrant } from '../support/config.ts';

const ALLOWANCES = [
  { target: parseTarget('oss://app-media/users/1/'), permissions: ['read'], actions: [] },
] as const;

/** Uses a renderer that records its input and returns a policy of this many bytes. */
function render(narrowed: Partial<NarrowedGrant> = {}, bytes = 100) {
  const given: SessionPolicyInput[] = [];
  const policy = {
    policy: { Version: '1', Statement: [] } as const,
    text: '{}',
    sha256: 'hash',
    bytes,
  };
  const grant = makeGrant({ restrict: { https: true }, publicAcl: 'deny' });
  const result = renderGrant(
    (input) => {
      given.push(input);
      return policy;
    },
    { grant, allowances: ALLOWANCES, durationSeconds: 900, ...narrowed },
  );
  return { given, isWhatWasRendered: result === policy };
}

describe('the session policy of a narrowed grant', () => {
  it('is rendered from the allowances and the restrictions of the grant', () => {
    const base = { allowances: ALLOWANCES, https: true, publicAcl: 'deny' };

    expect(render()).toStrictEqual({ given: [base], isWhatWasRendered: true });
    expect(render({ sourceIps: ['203.0.113.7'] }).given).toStrictEqual([
      { ...base, sourceIps: ['203.0.113.7'] },
    ]);
  });

  it('is refused if it is larger than STS accepts', () => {
    expect(render({}, MAX_SESSION_POLICY_BYTES).isWhatWasRendered).toBe(true);

    const bytes = MAX_SESSION_POLICY_BYTES + 1;
    expect(() => render({}, bytes)).toThrow(
      expect.objectContaining({
        refusal: { reason: 'session_policy_too_large', grant: 'user-files', bytes },
      }),
    );
  });

  it('is not even rendered if eight targets or more are too long by themselves', () => {
    const ofLength = (count: number) =>
      Array.from({ length: count }, (_, n) => ({
        target: { bucket: 'app-media', key: `${n}${'x'.repeat(300)}/` },
        permissions: ['read'] as const,
        actions: [],
      }));
    const attempt = (count: number) => {
      let rendered = 0;
      const refused = () =>
        renderGrant(
          (input) => {
            rendered += 1;
            return { ...renderSessionPolicy(input), sha256: 'hash' };
          },
          {
            grant: makeGrant({ restrict: { https: true }, publicAcl: 'deny' }),
            allowances: ofLength(count),
            durationSeconds: 900,
          },
        );
      expect(refused).toThrow(
        expect.objectContaining({
          refusal: expect.objectContaining({ reason: 'session_policy_too_large' }),
        }),
      );
      return rendered;
    };

    expect([attempt(7), attempt(8)]).toEqual([1, 0]);
  });

  it('is rendered if eight targets or more fit', () => {
    const allowances = Array.from({ length: 9 }, (_, n) => ({
      target: { bucket: 'app-media', key: `${n}/` },
      permissions: ['read'] as const,
      actions: [],
    }));

    expect(render({ allowances }).isWhatWasRendered).toBe(true);
  });
});
