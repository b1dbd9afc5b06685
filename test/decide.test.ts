/** What a decision says of a request that is refused: as much as was decided before. */
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config-loader/load-config.ts';
import { createDecide } from '../src/decide.ts';
import type { RenderSessionPolicy, SubjectToken } from '../src/ports.ts';
import { createSessionPolicyMemo } from '../src/session-policy/session-policy-memo.ts';
import { SIMPLE_CONFIG } from './support/broker.ts';

const { config } = loadConfig({
  text: SIMPLE_CONFIG.replace('{{issuer}}', 'https://login.example.com')
    .replace('{{sts}}', 'http://127.0.0.1:1')
    .replace('{{oss}}', 'http://127.0.0.1:1'),
  file: 'broker.yaml',
  environment: {},
});
const ASKED = { tokenLeftSeconds: 7200, callerAddress: '192.0.2.1' };
const TOO_LONG: RenderSessionPolicy = () => ({ text: '{}', bytes: 1_000_000, sha256: '' });

function makeToken(subject = 'a'): SubjectToken {
  const [issuer] = config.issuers;
  if (issuer === undefined) throw new Error('the config has no issuer');
  return { issuer, claims: { sub: subject }, subject, issuedAt: 0, expiresAt: 7200 };
}

describe('a decision that refuses', () => {
  const [grant] = config.grants;
  const decide = createDecide(config.grants, createSessionPolicyMemo(10));

  it('has no grant if none fits', () => {
    const decision = decide(makeToken('not/one/segment'), ASKED);

    expect(decision).toStrictEqual({
      outcome: 'refused',
      refusal: expect.objectContaining({
        refusal: expect.objectContaining({ reason: 'no_grant_fits' }),
      }),
    });
  });

  it('has the grant that does not last as long as is asked', () => {
    const decision = decide(makeToken(), { ...ASKED, durationSeconds: 43_200 });

    expect(decision).toStrictEqual({
      outcome: 'refused',
      refusal: expect.any(Error),
      grant,
      matchedTargets: 1,
    });
  });

  it('has all that would have been granted if only the session policy is too large', () => {
    const granted = decide(makeToken(), ASKED);
    const refused = createDecide(config.grants, TOO_LONG)(makeToken(), ASKED);

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

    expect(() => failing(makeToken(), ASKED)).toThrow(defect);
  });
});
