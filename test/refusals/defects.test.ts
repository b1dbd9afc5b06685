import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { AuditLine } from '../../src/audit/line.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { createDecide } from '../../src/decide.ts';
import { createLimits } from '../../src/limits/limits.ts';
import { createSessionPolicyMemo } from '../../src/session-policy/session-policy-memo.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { SIMPLE_CONFIG, startTestBroker } from '../support/broker.ts';

describe('a defect of the broker', () => {
  it('is answered with 500 and audited with its place, and its message appears nowhere', async () => {
    const lines: AuditLine[] = [];
    const text = SIMPLE_CONFIG.replace('{{issuer}}', 'https://login.example.com')
      .replace('{{sts}}', '127.0.0.1:1')
      .replace('{{oss}}', 'http://127.0.0.1:1');
    const { config } = loadConfig({ text, file: 'broker.yaml', environment: {} });
    const app = createApp({
      config,
      now: Date.now,
      limits: createLimits({
        config,
        store: createMemoryStore({ now: Date.now }),
        now: Date.now,
        randomUuid: () => 'an-owner',
      }),
      recordAudit: async (line) => void lines.push(line),
      readOrigin: () => ({ requestId: 'REQUEST-1' }),
      findSourceProblem: async () => undefined,
      decide: createDecide(config.grants, createSessionPolicyMemo(1)),
      reportGrants: () => ({}),
      assumeRoleFor: () => () => Promise.reject(new Error('not reached')),
      verifySubjectToken: (token) => Promise.reject(new TypeError(`canary ${token}`)),
    });

    const response = await app.request('/v1/credentials', {
      headers: { Authorization: 'Bearer canary.token' },
    });
    const answer = await response.text();

    expect(response.status).toBe(500);
    expect(JSON.parse(answer)).toMatchObject({ code: 'internal_error', requestId: 'REQUEST-1' });
    expect(lines).toMatchObject([
      {
        decision: 'refused',
        reason: 'internal_error',
        why: { problem: expect.stringContaining('TypeError at ') },
      },
    ]);
    expect(answer + JSON.stringify(lines)).not.toContain('canary');
  });
});

describe('an audit log that cannot be written', () => {
  it('stops the credential from being issued', async () => {
    let isBroken = false;
    const broker = await startTestBroker({
      write: () => (isBroken ? Promise.reject(new Error('EPIPE')) : Promise.resolve()),
    });
    const before = await broker.ask();
    isBroken = true;
    const during = await broker.ask({ claims: { sub: 'user-2' } });
    isBroken = false;
    const after = await broker.ask({ claims: { sub: 'user-2' } });

    expect(before.status).toBe(200);
    expect(during.status).toBe(503);
    expect(during.body).toMatchObject({ code: 'audit_unavailable' });
    expect(during.text).not.toContain('STS.');
    expect(after.status).toBe(200);
    await broker.close();
  });

  it('does not change a refusal', async () => {
    const broker = await startTestBroker({ write: () => Promise.reject(new Error('EPIPE')) });

    expect((await broker.ask({ token: 'x' })).status).toBe(401);
    await broker.close();
  });
});
