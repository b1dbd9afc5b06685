/** What a decision says of a request that is refused: as much as was decided before. */
import { describe, expect, it } from 'vitest';
import { createDecide } from '../src/decide.ts';
import type { RenderSessionPolicy } from '../src/ports.ts';
import { createSessionPolicyMemo } from '../src/session-policy/session-policy-memo.ts';
import { loadSimpleConfig } from './support/broker.ts';
import { makeIssuer, makeToken } from './support/config.ts';

const config = loadSimpleConfig();
const [issuer = makeIssuer()] = config.issuers;
const token = makeToken({ issuer, subject: 'a' });
const ASKED = { tokenLeftSeconds: 7200, callerAddress: '192.0.2.1' };
const TOO_LONG: RenderSessionPolicy = () => ({ text: '{}', bytes: 1_000_000, sha256: '' });

describe('a decision that refuses', () => {
  const [grant] = config.grants;
  const decide = createDecide(config.grants, createSessionPolicyMemo(10));

  it('has no grant if none fits', () => {
    const decision = decide(makeToken({ issuer, subject: 'not/one/segment' }), ASKED);

    expect(decision).toStrictEqual({
      outcome: 'refused',
      refusal: expect.objectContaining({
        refusal: expect.objectContaining({ reason: 'no_grant_fits' }),
      }),
    });
  });

  it('has the grant that does not last as long as is asked', () => {
    const decision = decide(token, { ...ASKED, durationSeconds: 43_200 });

    expect(decision).toStrictEqual({
      outcome: 'refused',
      refusal: expect.any(Error),
      grant,
      matchedTargets: 1,
    });
  });

  it('has all that would have been granted if only the session policy is too large', () => {
    const granted = decide(token, ASKED);
    const refused = createDecide(config.grants, TOO_LONG)(token, ASKED);

    expect(granted.narrowed?.allowances).not.toEqual([]);
    expect(refused).toStrictEqual({
      outcome: 'refused',
      refusal: expect.objectContaining({
        refusal: { reason: 'session_policy_too_large', grant: grant?.name, bytes: 1_000_000 },
      }),
      grant,
      matchedTargets: 1,
      narrowed: granted.narrowed,
    });
  });

  it('is not made of a defect', () => {
    const defect = new TypeError('a defect');
    const failing = createDecide(config.grants, () => {
      throw defect;
    });

    expect(() => failing(token, ASKED)).toThrow(defect);
  });
});
