/** A remembered decision answers the same question only: whatever a surface can ask is part of its key. */
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config-loader/load-config.ts';
import { createDecide } from '../src/decide.ts';
import type { Decide, SubjectToken } from '../src/ports.ts';
import { rememberDecisions } from '../src/remember-decisions.ts';
import { createSessionPolicyMemo } from '../src/session-policy/session-policy-memo.ts';
import { SIMPLE_CONFIG } from './support/broker.ts';
import { ROLE_ARN } from './support/sts-door.ts';

type Asked = Parameters<Decide>[1];

const { config } = loadConfig({
  text: SIMPLE_CONFIG.replace('{{issuer}}', 'https://login.example.com')
    .replace('{{sts}}', 'http://127.0.0.1:1')
    .replace('{{oss}}', 'http://127.0.0.1:1'),
  file: 'broker.yaml',
  environment: {},
});

function makeToken(): SubjectToken {
  const [issuer] = config.issuers;
  if (issuer === undefined) throw new Error('the config has no issuer');
  return { issuer, claims: { sub: 'a' }, subject: 'a', issuedAt: 0, expiresAt: 7200 };
}

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
    const token = makeToken();

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
    expect(remembering(makeToken(), ASKED)).not.toBe(first);
  });

  it.each(Object.entries(OTHERS))('is not used if %s differs', (_name, other) => {
    const remembering = rememberDecisions(decide);
    const token = makeToken();
    const known = remembering(token, ASKED);
    const asked = { ...ASKED, ...other };
    const decision = remembering(token, asked);

    expect(known.outcome).toBe('granted');
    expect(decision).not.toBe(known);
    expect(decision).toEqual(decide(token, asked));
    // remembered by itself
    expect(remembering(token, asked)).toBe(decision);
  });
});
