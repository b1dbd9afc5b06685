import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REASONS } from '../../src/api/http/public-code.ts';
import { answerFor } from '../../src/api/native/public-answers.ts';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import {
  keepCircuitClosed,
  REASONS_WITH_OWN_TESTS,
  REFUSAL_CASES,
  REFUSALS_CONFIG,
} from './cases.ts';

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ config: REFUSALS_CONFIG });
});

afterAll(async () => {
  await broker.close();
});

describe('every refusal', () => {
  it('has a case', () => {
    const covered = new Set([
      ...REFUSAL_CASES.map(({ reason }) => reason),
      ...REASONS_WITH_OWN_TESTS,
    ]);

    expect([...covered].sort()).toEqual([...REASONS].sort());
  });

  it.each(REFUSAL_CASES)(
    'for $reason is answered with $status $code and audited, with no needless call to STS',
    async (refusal) => {
      await keepCircuitClosed(broker, refusal);
      const callsBefore = broker.stsCalls();
      const linesBefore = broker.auditLines().length;

      const answer = await refusal.ask(broker);
      const lines = broker.auditLines().slice(linesBefore);

      const { title, detail } = answerFor(refusal.reason);
      expect(answer.status).toBe(refusal.status);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.body).toMatchObject({
        type: `urn:oss-token-broker:problem:${refusal.code}`,
        title,
        status: refusal.status,
        detail,
        code: refusal.code,
        requestId: answer.headers.get('x-request-id'),
      });
      for (const [name, value] of Object.entries(refusal.headers ?? {})) {
        const actual = answer.headers.get(name);
        if (typeof value === 'string') expect(actual).toBe(value);
        else expect(actual).toMatch(value);
      }
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({
        decision: 'refused',
        reason: refusal.reason,
        requestId: answer.body['requestId'],
        ...(refusal.why === undefined ? {} : { why: refusal.why }),
      });
      expect(broker.stsCalls() - callsBefore).toBe(refusal.stsCalls ?? 0);
    },
  );

  it('leaves other requests granted', async () => {
    const callsBefore = broker.stsCalls();
    const granted = await broker.ask({ claims: { plan: 'basic', sub: 'welcome' } });
    const narrowed = await broker.ask({
      claims: { plan: 'basic', sub: 'welcome' },
      body: {
        Grant: 'user-files',
        Target: 'oss://app-media/users/welcome/a.txt',
        Permissions: ['read'],
        DurationSeconds: 900,
      },
    });
    const bound = await broker.ask({
      claims: { plan: 'bound' },
      headers: { 'X-Forwarded-For': '203.0.113.7' },
    });
    const team = await broker.ask({
      claims: { plan: 'both', groups: ['a'] },
      body: { Target: 'oss://app-media/teams/a/' },
    });

    expect([granted, narrowed, bound, team].map(({ status }) => status)).toEqual([
      200, 200, 200, 200,
    ]);
    expect(broker.stsCalls() - callsBefore).toBe(4);
    expect(broker.auditLines().at(-4)).toMatchObject({
      decision: 'granted',
      issuerName: 'app',
      subject: 'welcome',
      grant: 'user-files',
      targets: [{ target: 'oss://app-media/users/welcome/', permissions: ['read', 'write'] }],
      roleArn: 'acs:ram::123456789012:role/oss-uploader',
      roleSessionName: expect.stringMatching(/^welcome-[a-z2-7]{26}$/),
      sessionPolicySha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      durationSeconds: 900,
      accessKeyId: granted.body['AccessKeyId'],
      stsRequestId: expect.any(String),
      cacheHit: false,
    });
  });
});
