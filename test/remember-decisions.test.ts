/** A remembered decision answers the same question only: whatever a surface can ask is part of its key. */
import { describe, expect, it } from 'vitest';
import { createDecide } from '../src/decide.ts';
import type { Decide } from '../src/ports.ts';
import { rememberDecisions } from '../src/remember-decisions.ts';
import { createSessionPolicyMemo } from '../src/session-policy/session-policy-memo.ts';
import { loadSimpleConfig } from './support/broker.ts';
import { makeIssuer, makeToken } from './support/config.ts';
import { fc } from './support/seeded.ts';
import { ROLE_ARN } from './support/sts-door.ts';

type Asked = Parameters<Decide>[1];

const config = loadSimpleConfig();

const [issuer = makeIssuer()] = config.issuers;
const newToken = () => makeToken({ issuer, subject: 'a' });

const ASKED: Asked = { tokenLeftSeconds: 7200, callerAddress: '192.0.2.1' };
const TARGET = { bucket: 'app-media', key: 'users/a/b/' };
const READ = { actions: ['oss:GetObject'], resources: [{ text: '', isPrefix: true }] };

/** One other question for each member. How long the token lives is no part of the key, and is compared. */
const OTHERS: Readonly<Record<keyof Omit<Asked, 'tokenLeftSeconds'>, Partial<Asked>>> = {
  grant: { grant: 'user-files' },
  roleArn: { roleArn: ROLE_ARN },
  target: { target: TARGET },
  permissions: { permissions: ['read'] },
  durationSeconds: { durationSeconds: 1800 },
  usualDurationSeconds: { usualDurationSeconds: 3600 },
  policy: { policy: [READ] },
  callerAddress: { callerAddress: '192.0.2.2' },
};

describe('a remembered decision', () => {
  const decide = createDecide(config.grants, createSessionPolicyMemo(10));

  it('is used for the same token and the same question', () => {
    const remembering = rememberDecisions(decide);
    const token = newToken();

    for (const asked of [
      ASKED,
      ...Object.values(OTHERS).map((other) => ({ ...ASKED, ...other })),
    ]) {
      const first = remembering(token, asked);
      expect(first.outcome).toBe('granted');
      expect(rememberDecisions(decide)(token, asked)).not.toBe(first);
    }
    const first = remembering(token, ASKED);
    expect(remembering(token, { ...ASKED })).toBe(first);
    expect(remembering({ ...token }, ASKED)).toBe(first);
    expect(remembering(newToken(), ASKED)).not.toBe(first);
  });

  it.each(Object.entries(OTHERS))('is not used if %s differs', (_name, other) => {
    const remembering = rememberDecisions(decide);
    const token = newToken();
    const known = remembering(token, ASKED);
    const asked = { ...ASKED, ...other };
    const decision = remembering(token, asked);

    expect(known.outcome).toBe('granted');
    expect(decision).not.toBe(known);
    expect(decision).toEqual(decide(token, asked));
    // remembered by itself
    expect(remembering(token, asked)).toBe(decision);
  });

  it('is used while the token lives as long as the credential, and not after', () => {
    const remembering = rememberDecisions(decide);
    const token = newToken();
    const asked = { ...ASKED, durationSeconds: 1800 };
    const known = remembering(token, asked);

    expect(remembering(token, { ...asked, tokenLeftSeconds: 1800 })).toBe(known);
    expect(remembering(token, { ...asked, tokenLeftSeconds: 1799 })).toMatchObject({
      narrowed: { durationSeconds: 1799 },
    });
  });

  it.each([
    ['the life of the token shortened it', { durationSeconds: 1800, tokenLeftSeconds: 1799 }],
    ['the token ends before its credential', { durationSeconds: 900, tokenLeftSeconds: 899 }],
    ['it is a refusal', { target: { bucket: 'app-media', key: 'users/' } }],
  ])('is none if %s', (_why, other) => {
    const remembering = rememberDecisions(decide);
    const token = newToken();
    const asked = { ...ASKED, ...other };
    const first = remembering(token, asked);

    expect(remembering(token, asked)).toEqual(first);
    expect(remembering(token, asked)).not.toBe(first);
  });

  it('is one of at most four for a token', () => {
    const remembering = rememberDecisions(decide);
    const token = newToken();
    const questions = [900, 901, 902, 903, 904].map((seconds) => ({
      ...ASKED,
      durationSeconds: seconds,
    }));
    const first = questions.map((asked) => remembering(token, asked));
    const again = questions.map((asked) => remembering(token, asked));

    expect(again).toEqual(first);
    expect(again.map((decision, n) => decision === first[n])).toEqual([
      ...Array.from({ length: 4 }, () => true),
      false,
    ]);
    // another token has room of its own
    const other = newToken();
    expect(remembering(other, ASKED)).toBe(remembering(other, ASKED));
  });

  it.each([
    [50, true],
    [51, false],
  ])('of %i targets is kept: %j', (count, isKept) => {
    const [grant] = config.grants;
    const [allowance] = grant?.allow ?? [];
    if (grant === undefined || allowance === undefined) throw new Error('there is no grant');
    const withKey = (n: number) => ({
      ...allowance,
      target: { ...allowance.target, key: [`${n}/`] },
    });
    const others = Array.from({ length: count - 1 }, (_, n) => withKey(n + 1));
    const wide = createDecide([{ ...grant, allow: [withKey(0), ...others] }], (input) => {
      const { length: bytes } = input.allowances;
      return { text: `${bytes} targets`, bytes, sha256: '' };
    });
    const remembering = rememberDecisions(wide);
    const token = newToken();
    const first = remembering(token, ASKED);

    expect(first).toMatchObject({ outcome: 'granted', policy: { text: `${count} targets` } });
    expect(remembering(token, ASKED) === first).toBe(isKept);
  });

  it('is what deciding again gives, whatever was asked before', () => {
    const questions = fc.record(
      {
        grant: fc.constantFrom('user-files', 'other'),
        roleArn: fc.constantFrom(ROLE_ARN, 'acs:ram::123456789012:role/other'),
        target: fc.constantFrom(TARGET, { bucket: 'app-media', key: 'users/' }),
        permissions: fc.subarray(['read', 'write', 'list', 'delete'] as const, { minLength: 1 }),
        durationSeconds: fc.constantFrom(900, 1800, 3600, 3601),
        usualDurationSeconds: fc.constantFrom(900, 3600, 43_200),
        callerAddress: fc.constantFrom('192.0.2.1', '192.0.2.2'),
        tokenLeftSeconds: fc.constantFrom(-1, 899, 900, 1799, 1800, 3600, 7200),
      },
      { requiredKeys: ['tokenLeftSeconds', 'callerAddress'] },
    );
    fc.assert(
      fc.property(fc.array(questions, { maxLength: 12 }), (asked) => {
        const remembering = rememberDecisions(decide);
        const token = newToken();
        for (const one of asked) {
          expect(remembering(token, one)).toEqual(decide(token, one));
        }
      }),
    );
  });
});
