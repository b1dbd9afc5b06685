/** Requests that are refused for what STS answers. */
import { expect } from 'vitest';
import type { Fault } from '../../simulator/faults.ts';
import type { TestBroker } from '../support/broker.ts';
import { asking, BASIC, type RefusalCase } from './refusal-case.ts';

/** STS fails once, or so many times. Each case has its own subject, so that no cached answer exists. */
const withFault =
  (fault: Fault, times = 1) =>
  async (broker: TestBroker) => {
    broker.simulator.sts.faults.once(fault, times);
    const sub = `user-${JSON.stringify(fault).replace(/[^a-z0-9]/gi, '')}`;
    return broker.ask({ claims: { ...BASIC, sub } });
  };

export const STS_CASES: readonly RefusalCase[] = [
  {
    reason: 'sts_throttled',
    status: 503,
    code: 'sts_throttled',
    ask: withFault({ kind: 'throttling' }),
    stsCalls: 1,
    headers: { 'Retry-After': '1' },
  },
  {
    reason: 'sts_throttled',
    status: 503,
    code: 'sts_throttled',
    ask: withFault({ kind: 'redirect302', body: 'json' }),
    stsCalls: 1,
    headers: { 'Retry-After': '1' },
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'json5xx', code: 'InternalError' }),
    stsCalls: 1,
    headers: { 'Retry-After': '1' },
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'reset' }, 2),
    stsCalls: 2,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'hang' }),
    stsCalls: 1,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'halfAnswer' }),
    stsCalls: 1,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'slow', delayMs: 3000 }),
    stsCalls: 1,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'html5xx', status: 502 }),
    stsCalls: 1,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'html200' }),
    stsCalls: 1,
  },
  {
    reason: 'sts_unavailable',
    status: 503,
    code: 'sts_unavailable',
    ask: withFault({ kind: 'redirect302', body: 'html' }),
    stsCalls: 1,
    headers: { 'Retry-After': '1' },
  },
  {
    reason: 'sts_answer_unusable',
    status: 502,
    code: 'sts_answer_unusable',
    ask: withFault({ kind: 'malformedCredentials', omit: ['SecurityToken'] }),
    stsCalls: 1,
  },
  {
    reason: 'sts_answer_unusable',
    status: 502,
    code: 'sts_answer_unusable',
    ask: withFault({ kind: 'malformedCredentials', set: { Expiration: '2020-01-01T00:00:00Z' } }),
    stsCalls: 1,
  },
  {
    reason: 'sts_refused',
    status: 502,
    code: 'sts_refused',
    ask: withFault({ kind: 'clockSkew' }),
    stsCalls: 1,
    why: { stsCode: 'InvalidTimeStamp.Expired', hint: expect.stringContaining('NTP') },
  },
  // the broker's user may assume only one role, so STS names the policy and not the role
  {
    reason: 'sts_refused',
    status: 502,
    code: 'sts_refused',
    ask: asking({ claims: { plan: 'nowhere' } }),
    stsCalls: 1,
    why: {
      stsCode: 'NoPermission',
      hint: expect.stringContaining('sts:AssumeRole on acs:ram::123456789012:role/no-such-role'),
    },
  },
  {
    reason: 'source_credentials_unavailable',
    status: 503,
    code: 'source_credentials_unavailable',
    ask: withFault({ kind: 'sourceCredentialsExpired' }),
    stsCalls: 1,
    why: { problem: expect.stringContaining('InvalidSecurityToken.Expired') },
  },
];
